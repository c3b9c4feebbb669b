/*
 * plain: what reaches a terminal. Names, reasons, paths and texts of a trace come
 * from anywhere: control bytes and bytes from 0x80 on are printed as \xNN, so
 * that one line stays one line and no terminal is told to do anything.
 */
#ifndef TORNBIT_PLAIN_H
#define TORNBIT_PLAIN_H

#include <stdarg.h>
#include <stdio.h>

#include "base.h"

/* Escaped into room; cut at its end, never within an escape. Returns out. */
const char *plain_text(char *out, size_t room, const char *text);

/* As an argument of printf, good until the end of the block it stands in. */
#define PLAIN(text) plain_text((char[1024]){ 0 }, 1024, (text))

/* The text as one word of a shell's command line, in quotes where it needs them. */
void plain_word(FILE *to, const char *text);

/* What the user called this program by: the path as it was typed, or the word that
 * the shell found on PATH. Printed (plain_word) before every command to repeat,
 * so that the line works where it is read; never written to a trace. */
const char *program_name(void);

/* "tornbit WHO: ..." as one line on standard error (WHO "": "tornbit: ...").
 * Returns exit status 2. */
__attribute__((format(printf, 2, 3)))
int plain_complaint(const char *who, const char *format, ...);

/* A JSON string of ASCII, its quotes included: characters beyond it as \uNNNN,
 * bytes that are no UTF-8 as \u00NN. */
void plain_json(const char *text, size_t n);

#endif
