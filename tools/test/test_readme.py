#!/usr/bin/python3
"""tools/readme sees a changed line, a missing block and a wrong exit status, and
--update mends them; then the documents of this checkout are checked."""
import os
import subprocess
import sys
import tempfile

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "readme")

RIGHT = "# T\n\n<!-- output: echo a; echo b -->\n```\n$ echo a; echo b\na\nb\n```\n\nEnd.\n"
STORIES = [  # story, document, exit status of the check, exit status of the update
    ("a true block passes", RIGHT, 0, 0),
    ("a changed line is found", RIGHT.replace("\na\n", "\nc\n"), 1, 0),
    ("a missing line is found", RIGHT.replace("\nb\n", "\n"), 1, 0),
    ("a line too many is found", RIGHT.replace("\nb\n", "\nb\nb\n"), 1, 0),
    ("another command above the output is found", RIGHT.replace("$ echo a;", "$ echo A;"), 1, 0),
    ("a missing block is found", "# T\n\n<!-- output: echo a; echo b -->\n\nEnd.\n", 1, 0),
]


def readme(*args):
    done = subprocess.run([README, *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def on(text, *args):
    """Exit status of the tool on a document of that text, and the text after."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "t.md")
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        status, _ = readme(*args, name)
        with open(name, encoding="utf-8") as f:
            return status, f.read()


def main():
    results = []
    for story, text, checked, updated in STORIES:
        results.append((story, on(text)[0] == checked))
        if checked:
            status, after = on(text, "--update")
            results.append((f"and --update mends it: {story}",
                            status == updated and after == RIGHT))
    failing = "<!-- output: echo x; exit 1 -->\n```\n$ echo x; exit 1\nx\n```\n"
    results.append(("a command that fails is found", on(failing)[0] == 1))
    results.append(("--update does not write what a failing command printed", on(failing, "--update")[0] == 1))
    results.append(("a failure that is asked for passes", on("<!-- exit: 1 -->\n" + failing)[0] == 0))
    results.append(("a mark inside a block is only text",
                    on("```\n<!-- output: false -->\n```\n")[0] == 0))
    status, said = readme("no-such-file.md")
    results.append(("a wrong file name is one clear line", status == 2 and said.count("\n") == 1))
    status, said = readme()
    results.append(("the documents of this checkout print what the program prints", status == 0))
    for number, (story, ok) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {story}")
    if status:
        print("".join(f"#   {line}\n" for line in said.split("\n") if not line.startswith("ok")), end="")
    print(f"1..{len(results)}")
    return 0 if all(ok for _, ok in results) else 1


if __name__ == "__main__":
    sys.exit(main())
