-- What each call of each main life cost: bus, host wait and array clocks apart.
SELECT plan, call, verb, name, bytes, result,
       bus_clocks + wait_clocks AS clocks, bus_clocks, wait_clocks, busy_clocks
FROM call
WHERE life = 0
ORDER BY plan, call
