// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what a tunnel costs per packet. Only for guests whose time stamp
 * counter counts instructions; not part of the product.
 *
 * A command is a line written to debugfs/vtbench, its result is read from
 * there: packets, instructions, losses and duplicates.
 *
 *	encap kind=udp size=1400 count=1024 src=10.0.0.1 dst=10.0.1.1 store=1
 *	decap dst=10.0.1.1	replays what encap stored
 *	scaling cpus=2 flows=2 count=4096 src=10.0.0.1 dst=10.0.1.1
 *		counts nanoseconds instead
 *	floor suite=gcm size=1400 count=1024
 *	page	tells a profiler that a cell ends
 */
#include "vtbench.h"

#include <linux/debugfs.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/parser.h>
#include <linux/uaccess.h>

static DEFINE_MUTEX(lock);
static struct dentry *file;
static char answer[96];

static int parse_kind(struct bench_job *job, const char *word)
{
	static const char *const kinds[] = { "udp", "tcpgso", "udpgso" };
	int i = match_string(kinds, ARRAY_SIZE(kinds), word);

	if (i < 0)
		return i;
	job->kind = i;
	return 0;
}

static int parse_addr(const char *word, u32 *addr)
{
	__be32 a;

	if (!in4_pton(word, -1, (u8 *)&a, -1, NULL))
		return -EINVAL;
	*addr = ntohl(a);
	return 0;
}

static int parse_word(struct bench_job *job, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return -EINVAL;
	*value++ = 0;
	if (!strcmp(word, "kind"))
		return parse_kind(job, value);
	if (!strcmp(word, "suite"))
		return strscpy(job->suite, value, sizeof(job->suite)) < 0 ?
		       -EINVAL : 0;
	if (!strcmp(word, "src"))
		return parse_addr(value, &job->src);
	if (!strcmp(word, "dst"))
		return parse_addr(value, &job->dst);
	if (!strcmp(word, "size"))
		return kstrtou32(value, 0, &job->size);
	if (!strcmp(word, "count"))
		return kstrtou32(value, 0, &job->count);
	if (!strcmp(word, "dsts"))
		return kstrtou32(value, 0, &job->dsts);
	if (!strcmp(word, "step"))
		return kstrtou32(value, 0, &job->step);
	if (!strcmp(word, "dport"))
		return kstrtou32(value, 0, &job->dport);
	if (!strcmp(word, "flows"))
		return kstrtou32(value, 0, &job->flows);
	if (!strcmp(word, "cpus"))
		return kstrtou32(value, 0, &job->cpus);
	if (!strcmp(word, "policy"))
		return kstrtobool(value, &job->policy);
	if (!strcmp(word, "store"))
		return kstrtobool(value, &job->store);
	return -EINVAL;
}

static int run(const char *verb, const struct bench_job *job)
{
	struct bench_result res = { };
	int err = -EINVAL;

	if (!job->count || job->size < 60 || job->size > ETH_DATA_LEN ||
	    !job->dsts || !job->flows || job->flows > 60000)
		return -ERANGE;
	if (!strcmp(verb, "page")) {
		bench_mark(BENCH_MARK_PAGE);
		err = 0;
	} else if (!strcmp(verb, "floor")) {
		err = bench_floor(job, &res);
	} else if (!bench_ends[0] || !bench_ends[1]) {
		err = -ENODEV;
	} else if (!strcmp(verb, "encap")) {
		err = bench_encap(job, &res);
	} else if (!strcmp(verb, "decap")) {
		err = bench_decap(job, &res);
	} else if (!strcmp(verb, "scaling")) {
		err = bench_scaling(job, &res);
	}
	snprintf(answer, sizeof(answer), "%llu %llu %llu %llu\n", res.packets,
		 res.insns, res.lost, res.extra);
	return err;
}

static int parse_and_run(char *line)
{
	struct bench_job job = {
		.size = 1400, .count = 1024, .dsts = 1, .step = 1,
		.dport = 5001, .flows = 1,
	};
	char *verb = strsep(&line, " "), *word;
	int err;

	while ((word = strsep(&line, " "))) {
		if (!*word)
			continue;
		err = parse_word(&job, word);
		if (err)
			return err;
	}
	return run(verb, &job);
}

static ssize_t command_write(struct file *f, const char __user *from,
			     size_t len, loff_t *pos)
{
	char *line;
	int err;

	if (len > 400)
		return -E2BIG;
	line = memdup_user_nul(from, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&lock);
	err = parse_and_run(strim(line));
	mutex_unlock(&lock);
	kfree(line);
	return err ?: len;
}

static ssize_t command_read(struct file *f, char __user *to, size_t len,
			    loff_t *pos)
{
	return simple_read_from_buffer(to, len, pos, answer, strlen(answer));
}

static const struct file_operations command_fops = {
	.owner = THIS_MODULE,
	.write = command_write,
	.read = command_read,
};

static int __init vtbench_init(void)
{
	int err = bench_make_init();

	if (err)
		return err;
	err = bench_link_init();
	if (err) {
		bench_make_exit();
		return err;
	}
	file = debugfs_create_file("vtbench", 0600, NULL, NULL, &command_fops);
	return 0;
}

static void __exit vtbench_exit(void)
{
	debugfs_remove(file);
	bench_link_exit();
	bench_make_exit();
}

module_init(vtbench_init);
module_exit(vtbench_exit);
MODULE_DESCRIPTION("Instructions per packet of tunnels");
MODULE_LICENSE("GPL");
