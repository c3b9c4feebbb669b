#define _XOPEN_SOURCE 700

#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* From the program's folder, first to last. */
static const char *const candidates[] = { "", "/..", "/../share/tornbit" };

bool place_program(char path[PLACE_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PLACE_MAX - 1);

	if (n <= 0 || n == PLACE_MAX - 1)
		return false;
	path[n] = '\0';
	return path[0] == '/';
}

bool place_folder(const char *name, const char *file, char path[PLACE_MAX])
{
	char folder[PLACE_MAX], probe[PLACE_MAX + 256];

	path[0] = '\0';
	if (!place_program(folder))
		return false;
	*strrchr(folder, '/') = '\0';
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
