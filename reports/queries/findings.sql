-- Each finding with the state that is its example, what one loss of power shows first.
SELECT f.id, f.key, f.count, f.expected, f.reach, s.plan, s.cuts, s.call, s.op, s.bits, s.cut, f.name, f.why
FROM finding f LEFT JOIN state_text s ON s.id = f.state
ORDER BY f.expected IS NOT 0, s.cuts > 1, f.reach_first IS NULL, f.count DESC, f.id
