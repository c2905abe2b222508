// SPDX-License-Identifier: GPL-2.0-only
/*
 * What another CPU is worth: several of them send through one tunnel at a time,
 * each a flow of its own. Time here is the clock on the wall, so this is for
 * guests that have these CPUs to themselves.
 */
#include "vtbench.h"

#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

/* a system that queues gets no more than this at a time, so as not to drop */
#define IN_FLIGHT	512
#define PATIENCE	(30 * HZ)

struct sender {
	struct work_struct work;
	struct sk_buff_head list;
	int err;
};

static const struct bench_job *job;
static struct net *net;
static DEFINE_PER_CPU(u64, seen);
static atomic64_t sent;
static bool go;

/* the link calls this for each packet while senders are at work */
void bench_scaling_count(unsigned int n)
{
	this_cpu_add(seen, n);
}

static u64 seen_all(void)
{
	u64 n = 0;
	int cpu;

	for_each_online_cpu(cpu)
		n += READ_ONCE(*per_cpu_ptr(&seen, cpu));
	return n;
}

static int wait_for_seen(u64 n, unsigned long end)
{
	while (seen_all() < n) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		cond_resched();
		cpu_relax();
	}
	return 0;
}

static void send_all(struct work_struct *work)
{
	struct sender *s = container_of(work, struct sender, work);
	unsigned long end = jiffies + PATIENCE;
	struct sk_buff *skb;
	u64 all;
	u32 n = 0;

	while (!READ_ONCE(go))
		cpu_relax();
	while (!s->err && (skb = __skb_dequeue(&s->list))) {
		s->err = bench_send(net, job, skb);
		if (s->err || ++n % BENCH_BURST)
			continue;
		all = atomic64_add_return(BENCH_BURST, &sent);
		if (all > IN_FLIGHT)
			s->err = wait_for_seen(all - IN_FLIGHT, end);
	}
}

static int make_list(struct sender *s, u32 flow)
{
	struct sk_buff *skb;
	u32 i;

	for (i = 0; i < job->count; i++) {
		/* the number chooses the flow */
		skb = bench_make(job, flow + i * job->flows);
		if (!skb)
			return -ENOMEM;
		__skb_queue_tail(&s->list, skb);
	}
	return 0;
}

static int send_together(struct workqueue_struct *wq, struct sender *senders,
			 struct bench_result *res)
{
	u64 before = seen_all(), want = (u64)job->cpus * job->count;
	int cpu, err;
	u64 start;

	atomic64_set(&sent, before);
	WRITE_ONCE(go, false);
	for (cpu = 0; cpu < job->cpus; cpu++)
		queue_work_on(cpu, wq, &senders[cpu].work);
	msleep(20);	/* all of them wait at the gate */
	start = ktime_get_ns();
	WRITE_ONCE(go, true);
	flush_workqueue(wq);
	err = wait_for_seen(before + want, jiffies + PATIENCE);
	res->insns = ktime_get_ns() - start;
	res->packets = want;
	/* more than that are keepalives of whoever sends some */
	if (err)
		res->lost = before + want - seen_all();
	return 0;
}

/**
 * bench_scaling() - send the packets of a job from several CPUs at once
 * @j: what each of @cpus sends; CPU n has the n-th of @flows
 * @res: filled in, with nanoseconds for instructions
 *
 * Return: 0 or -errno.
 */
int bench_scaling(const struct bench_job *j, struct bench_result *res)
{
	struct workqueue_struct *wq;
	struct sender *senders;
	int cpu, err = 0;

	if (!j->cpus || j->cpus > num_online_cpus() || j->flows < j->cpus ||
	    j->kind != BENCH_UDP || j->count % BENCH_BURST)
		return -ERANGE;
	job = j;
	net = dev_net(bench_ends[0]);
	senders = kcalloc(j->cpus, sizeof(*senders), GFP_KERNEL);
	wq = bench_alloc_workqueue();
	if (!senders || !wq)
		err = -ENOMEM;
	for (cpu = 0; !err && cpu < j->cpus; cpu++) {
		__skb_queue_head_init(&senders[cpu].list);
		INIT_WORK(&senders[cpu].work, send_all);
		err = make_list(&senders[cpu], cpu);
	}
	if (!err) {
		bench_counting = true;
		err = send_together(wq, senders, res);
		bench_counting = false;
	}
	while (senders && cpu-- > 0) {
		err = err ?: senders[cpu].err;
		__skb_queue_purge(&senders[cpu].list);
	}
	if (wq)
		destroy_workqueue(wq);
	kfree(senders);
	return err;
}
