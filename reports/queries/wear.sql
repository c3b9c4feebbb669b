-- Erases and programs per sector: what each main life did, and what was behind the sector before.
SELECT plan, sector, first_addr, bytes, erases_before, erases, programs, programmed_bytes
FROM wear
ORDER BY plan, sector
