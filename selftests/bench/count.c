// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plugin of the emulator: how often each block of guest code is executed while
 * the measuring module says so, and how many of its instructions are atomic.
 *
 * At every page end a line per block is written to the file of the argument
 * out=FILE: page, encap|decap|floor, address, instructions executed, atomic
 * instructions executed. The clock must be one of instructions: one CPU.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define N_PHASES	3
#define BUCKETS		65536

enum { MARK_STOP = 0x78, MARK_PAGE, MARK_PHASES };

static const char *const phases[N_PHASES] = { "encap", "decap", "floor" };

struct block {
	struct block *next;
	uint64_t addr;
	unsigned int insns, atomics;
	uint64_t runs[N_PHASES];
};

int qemu_plugin_version = 1;

static struct block *blocks[BUCKETS];
static int phase = -1;
static unsigned int page;
static FILE *out;

static struct block *find_block(uint64_t addr, unsigned int insns)
{
	struct block **head = &blocks[(addr ^ addr >> 16) % BUCKETS], *b;

	for (b = *head; b; b = b->next)
		if (b->addr == addr && b->insns == insns)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = addr;
	b->insns = insns;
	b->next = *head;
	*head = b;
	return b;
}

static void end_page(void)
{
	struct block *b;
	int i, p;

	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next)
			for (p = 0; p < N_PHASES; p++) {
				if (b->runs[p])
					fprintf(out, "%u %s %" PRIx64 " %"
						PRIu64 " %" PRIu64 "\n", page,
						phases[p], b->addr,
						b->runs[p] * b->insns,
						b->runs[p] * b->atomics);
				b->runs[p] = 0;
			}
	page++;
	fflush(out);
}

static void on_mark(unsigned int cpu, void *data)
{
	int mark = (intptr_t)data;

	(void)cpu;
	if (mark == MARK_PAGE)
		end_page();
	else
		phase = mark == MARK_STOP ? -1 : mark - MARK_PHASES;
}

static void on_block(unsigned int cpu, void *data)
{
	struct block *b = data;

	(void)cpu;
	if (phase >= 0)
		b->runs[phase]++;
}

/* the mark an instruction is, 0 = none */
static int mark_of(const uint8_t *code, size_t size)
{
	static const uint8_t head[] = { 0x0f, 0x1f, 0x84, 0x00 };
	static const uint8_t tail[] = { 0x56, 0x34, 0x12 };

	if (size != 8 || memcmp(code, head, sizeof(head)) ||
	    memcmp(code + 5, tail, sizeof(tail)) || code[4] < MARK_STOP ||
	    code[4] >= MARK_PHASES + N_PHASES)
		return 0;
	return code[4];
}

/* LOCK prefix, or an exchange with memory, which needs none */
static bool is_atomic(const uint8_t *code, size_t size)
{
	size_t i = 0;

	while (i + 2 < size && (code[i] == 0x66 || code[i] == 0xf3 ||
				code[i] == 0xf2 || code[i] == 0x65 ||
				(code[i] & 0xf0) == 0x40))
		i++;
	if (code[i] == 0xf0)
		return true;
	/* of a per-CPU variable: nobody else is asked */
	return (code[i] == 0x86 || code[i] == 0x87) && i + 1 < size &&
	       (code[i + 1] & 0xc0) != 0xc0 && code[0] != 0x65;
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct block *b = find_block(qemu_plugin_tb_vaddr(tb), n);

	(void)id;
	b->atomics = 0;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *code = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		intptr_t mark = mark_of(code, size);

		b->atomics += is_atomic(code, size);
		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, 0,
							       (void *)mark);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, b);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: out=FILE is missing\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
