-- Erases and programs per sector at the end of each main life.
SELECT * FROM wear ORDER BY plan, sector
