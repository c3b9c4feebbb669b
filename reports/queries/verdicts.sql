-- How the judged states came out, by verdict and by fault family.
SELECT v.word AS verdict,
       CASE WHEN s.cuts = 0 THEN 'no cut' WHEN s.supply THEN 'N' WHEN s.quality THEN 'F' ELSE f.word END AS family,
       h.word AS how, count(*) AS states
FROM state s
LEFT JOIN word v ON v.of = 'verdict' AND v.value = s.verdict
LEFT JOIN word f ON f.of = 'family' AND f.value = s.bits
LEFT JOIN word h ON h.of = 'how' AND h.value = s.how
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
