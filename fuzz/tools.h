/*
 * tools: the commands of the program. Each takes its own name as argv[0] and
 * returns the exit status.
 */
#ifndef TORNBIT_TOOLS_H
#define TORNBIT_TOOLS_H

#include "base.h"

int tool_sweep(int argc, char **argv);
int tool_fuzz(int argc, char **argv);
int tool_replay(int argc, char **argv);
int tool_shrink(int argc, char **argv);
int tool_show(int argc, char **argv);
int tool_diff(int argc, char **argv);
int tool_report(int argc, char **argv);
int tool_sql(int argc, char **argv);
int tool_unpack(int argc, char **argv);
int tool_parts(int argc, char **argv);
int tool_subjects(int argc, char **argv);
int tool_image(int argc, char **argv);

#endif
