/*
 * The image tool as a function. With arguments it is the tool itself, built like
 * every test: test_image.sh runs it so (TORNBIT may not know the command yet).
 */
#include "tap.h"
#include "tools.h"

static int run(const char *const *word, int n)
{
	char copy[8][64], *argv[9] = { NULL };
	for (int i = 0; i < n; i++) {
		snprintf(copy[i], sizeof copy[i], "%s", word[i]);
		argv[i] = copy[i];
	}
	return tool_image(n, argv);
}

static void a_command_that_does_not_exist_is_a_usage_error(void)
{
	CHECK_EQ(run((const char *const[]){ "image" }, 1), 2);
	CHECK_EQ(run((const char *const[]){ "image", "burn" }, 2), 2);
	CHECK_EQ(run((const char *const[]){ "image", "list" }, 2), 2);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return tool_image(argc - 1, argv + 1);
	TEST(a_command_that_does_not_exist_is_a_usage_error);
	return tap_end();
}
