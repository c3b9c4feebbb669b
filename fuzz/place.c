#define _XOPEN_SOURCE 700

#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* From the program's folder, first to last. */
static const char *const candidates[] = { "", "/..", "/../share/tornbit" };

/* The folder of the program that runs, however it was called. */
static bool program_folder(char folder[PLACE_MAX])
{
	ssize_t n = readlink("/proc/self/exe", folder, PLACE_MAX - 1);

	if (n <= 0 || n == PLACE_MAX - 1)
		return false;
	folder[n] = '\0';
	char *slash = strrchr(folder, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

bool place_folder(const char *name, const char *file, char path[PLACE_MAX])
{
	char folder[PLACE_MAX], probe[PLACE_MAX + 256];

	path[0] = '\0';
	if (!program_folder(folder))
		return false;
	for (uint32_t i = 0; i < COUNT_OF(candidates); i++) {
		int n = snprintf(path, PLACE_MAX, "%s%s/%s", folder, candidates[i], name);
		if (n <= 0 || n >= PLACE_MAX)
			return false;
		n = snprintf(probe, sizeof probe, "%s/%s", path, file);
		if (n < (int)sizeof probe && access(probe, R_OK) == 0)
			return true;
	}
	return false;
}
