-- How the judged states came out, by verdict and by fault family.
SELECT verdict, bits AS family, how, count(*) AS states
FROM state_text
GROUP BY verdict, bits, how
ORDER BY verdict, bits, how
