-- Each finding with the first state that showed it.
SELECT f.id, f.key, f.count, s.plan, s.call, s.op, s.bits, s.cut, f.name, f.why
FROM finding f LEFT JOIN state_text s ON s.id = f.state
ORDER BY f.id
