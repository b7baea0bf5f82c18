/* Reads fields by their layout; says them in the vectors' words, and writes them again. */
#ifndef VECTOR_TEXT_H
#define VECTOR_TEXT_H

#include "frames.h"

/* What was said, and where the fields are written. */
extern char text[65536];
extern size_t text_length;
extern struct writer out;

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_bytes(struct text value);
/* `fields` is name:size …, where the size is in bytes, or b for bytes, l for a list, * for all that is left. */
void take_fields(struct reader *reader, const char *fields);

#endif
