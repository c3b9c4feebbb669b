#!/bin/sh
# The committed noise tables are exactly those that tools/noise_tables.py derives,
# and a table that is wrong in one digit does not pass.
say() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

tmp=$(mktemp) || exit 2
trap 'rm -f "$tmp"' EXIT
echo 1..2
tools/noise_tables.py --check sim/noise_tables.c
say $? "1 - the tables are what the quantile functions give"
sed '9s/1/2/' sim/noise_tables.c > "$tmp"
tools/noise_tables.py --check "$tmp" 2> /dev/null
test $? = 1
say $? "2 - one wrong digit is found"
