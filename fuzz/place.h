/*
 * place: where the program's own files lie, from where the program lies. In a
 * checkout the folder stands beside the program or beside the build folder that
 * it is in; when installed, in PREFIX/share/tornbit beside PREFIX/bin.
 */
#ifndef TORNBIT_PLACE_H
#define TORNBIT_PLACE_H

#include "base.h"

#define PLACE_MAX 4096

/* The program that runs, however it was called. False: nobody knows. */
bool place_program(char path[PLACE_MAX]);

/* The folder of that name ("reports") that holds file ("tornbit/report.py"). False:
 * there is none, or it is too deep; path then has the last one looked at. */
bool place_folder(const char *name, const char *file, char path[PLACE_MAX]);

#endif
