/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is used of the interface between the emulator and its plugins, version
 * 1. The emulator's package has no header for it. QEMU 7.2 to 10.
 */
#ifndef VTUN_BENCH_PLUGIN_H
#define VTUN_BENCH_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT	__attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* the emulator's */
void
qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
				      void (*cb)(uint64_t id,
						 struct qemu_plugin_tb *tb));
void
qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
				     void (*cb)(unsigned int cpu, void *data),
				     int flags, void *data);
void
qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
				       void (*cb)(unsigned int cpu, void *data),
				       int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/* ours, found by name */
extern PLUGIN_EXPORT int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
				      char **argv);

#endif
