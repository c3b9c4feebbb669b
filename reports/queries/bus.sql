-- Bus operations of the main lives by kind, with the clocks they took.
SELECT plan, kind, count(*) AS operations, sum(bytes) AS bytes,
       sum(last - first) AS clocks, sum(polls) AS polls
FROM bus
WHERE life = 0
GROUP BY plan, kind
ORDER BY plan, kind
