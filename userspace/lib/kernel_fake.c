// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel_fake_impl.h"
#include "names.h"

#define MAX_CHILDREN	64
#define MAX_SAS		4096
#define MAX_LINKS	16
#define MAX_EVENTS	4096
#define MAX_HANDLES	8
#define MAX_CALLS	48

struct vtun_k {
	int fd;
	unsigned int ev_pos;
	uint32_t ev_next;
	char error[256];
};

static struct {
	bool missing;
	uint32_t api;
	struct vtun_k_child children[MAX_CHILDREN];
	unsigned int n_children;
	struct vtun_k_sa sas[MAX_SAS];
	unsigned int n_sas;
	struct {
		char name[VTUN_K_IFNAME], kind[16];
	} links[MAX_LINKS];
	unsigned int n_links;
	struct vtun_k_event events[MAX_EVENTS];
	unsigned int n_events;
	uint32_t ev_seq, next_id, next_spi;
	struct {
		char name[24];
		unsigned int count;
	} calls[MAX_CALLS];
	char fail_call[24], fail_text[256];
	int fail_err;
} fake;

static struct vtun_k *handles[MAX_HANDLES];

void vtun_fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.api = VTUN_GENL_VERSION;
	fake.next_id = 1;
	fake.next_spi = 0x1000;
	vtun_fake_reset_spd();
}

void vtun_fake_set_loaded(bool loaded)
{
	fake.missing = !loaded;
}

void vtun_fake_set_api(uint32_t api)
{
	fake.api = api;
}

uint32_t vtun_fake_add_link(const char *name, const char *kind)
{
	unsigned int i = fake.n_links++;

	snprintf(fake.links[i].name, sizeof(fake.links[i].name), "%s", name);
	snprintf(fake.links[i].kind, sizeof(fake.links[i].kind), "%s", kind);
	return i + 1;
}

void vtun_fake_fail(const char *call, int err, const char *text)
{
	snprintf(fake.fail_call, sizeof(fake.fail_call), "%s", call);
	snprintf(fake.fail_text, sizeof(fake.fail_text), "%s", text);
	fake.fail_err = err;
}

unsigned int vtun_fake_calls(const char *call)
{
	unsigned int i;

	for (i = 0; i < MAX_CALLS; i++)
		if (!strcmp(fake.calls[i].name, call))
			return fake.calls[i].count;
	return 0;
}

int vtun_fake_error(struct vtun_k *k, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof(k->error), fmt, ap);
	va_end(ap);
	return err;
}

int vtun_fake_enter(struct vtun_k *k, const char *call)
{
	unsigned int i;

	for (i = 0; i < MAX_CALLS - 1; i++)
		if (!fake.calls[i].name[0] || !strcmp(fake.calls[i].name, call))
			break;
	snprintf(fake.calls[i].name, sizeof(fake.calls[i].name), "%s", call);
	fake.calls[i].count++;
	if (!fake.fail_err || strcmp(fake.fail_call, call))
		return 0;
	i = fake.fail_err;
	fake.fail_err = 0;
	return vtun_fake_error(k, (int)i, "%s", fake.fail_text);
}

struct vtun_k_child *vtun_fake_child(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < fake.n_children; i++)
		if (fake.children[i].id == id)
			return &fake.children[i];
	return NULL;
}

static struct vtun_k_child *child_find(uint32_t id, const char *name)
{
	unsigned int i;

	if (id)
		return vtun_fake_child(id);
	for (i = 0; name && i < fake.n_children; i++)
		if (!strcmp(fake.children[i].name, name))
			return &fake.children[i];
	return NULL;
}

struct vtun_k_sa *vtun_fake_sa(enum vtun_dir dir, uint32_t child_id,
			       uint32_t spi)
{
	struct vtun_k_sa *sa;
	unsigned int i;

	for (i = 0; i < fake.n_sas; i++) {
		sa = &fake.sas[i];
		if (sa->dir == dir && sa->spi == spi &&
		    (dir == VTUN_DIR_IN || sa->child_id == child_id))
			return sa;
	}
	return NULL;
}

unsigned int vtun_fake_count_sas(void)
{
	return fake.n_sas;
}

static void sa_remove(struct vtun_k_sa *sa)
{
	struct vtun_k_child *c = vtun_fake_child(sa->child_id);

	if (c && sa->dir == VTUN_DIR_OUT && c->out_spi == sa->spi)
		c->out_spi = 0;
	*sa = fake.sas[--fake.n_sas];
}

void vtun_fake_emit(const struct vtun_k_event *ev)
{
	struct vtun_k_event *slot = &fake.events[fake.n_events++];
	uint64_t one = 1;
	unsigned int i;

	*slot = *ev;
	slot->seq = ++fake.ev_seq;
	for (i = 0; i < MAX_HANDLES; i++)
		if (handles[i] && handles[i]->fd >= 0 &&
		    write(handles[i]->fd, &one, sizeof(one)) < 0)
			abort();
}

void vtun_fake_lose(unsigned int n)
{
	fake.ev_seq += n;
}

/* ---- kernel.h ---- */

int vtun_k_open(struct vtun_k **kp, unsigned int flags)
{
	struct vtun_k *k = calloc(1, sizeof(*k));
	unsigned int i;

	*kp = k;
	if (!k)
		return -ENOMEM;
	k->fd = -1;
	if (fake.missing)
		return vtun_fake_error(k, -ENOENT, "kernel module vtun is not loaded; "
			    "try: modprobe vtun");
	if (fake.api != VTUN_GENL_VERSION && !(flags & VTUN_K_ANY_API))
		return vtun_fake_error(k, -EPROTO, "kernel module vtun speaks API %u, this program speaks %u",
			    fake.api, VTUN_GENL_VERSION);
	if (flags & VTUN_K_EVENTS)
		k->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	k->ev_pos = fake.n_events;
	k->ev_next = fake.ev_seq + 1;
	for (i = 0; i < MAX_HANDLES; i++) {
		if (handles[i])
			continue;
		handles[i] = k;
		break;
	}
	return 0;
}

void vtun_k_close(struct vtun_k *k)
{
	unsigned int i;

	for (i = 0; k && i < MAX_HANDLES; i++)
		if (handles[i] == k)
			handles[i] = NULL;
	if (k && k->fd >= 0)
		close(k->fd);
	free(k);
}

const char *vtun_k_error(const struct vtun_k *k)
{
	return k ? k->error : "out of memory";
}

int vtun_k_info(struct vtun_k *k, struct vtun_k_info *info)
{
	int ret = vtun_fake_enter(k, "info");

	memset(info, 0, sizeof(*info));
	if (ret)
		return ret;
	strcpy(info->version, "fake");
	info->api = fake.api;
	info->event_seq = fake.ev_seq;
	info->children = fake.n_children;
	info->sas = fake.n_sas;
	info->policies = vtun_fake_count_policies();
	return 0;
}

void vtun_k_child_init(struct vtun_k_child *c)
{
	memset(c, 0, sizeof(*c));
	c->mode = VTUN_MODE_TUNNEL;
	c->hold_packets = VTUN_K_DEFAULT;
	c->hold_bytes = VTUN_K_DEFAULT;
	c->hold_ms = VTUN_K_DEFAULT;
}

int vtun_k_child_add(struct vtun_k *k, const struct vtun_k_child *c,
		     uint32_t *id)
{
	struct vtun_k_child *slot;
	int ret = vtun_fake_enter(k, "child_add");

	if (ret)
		return ret;
	if (child_find(0, c->name))
		return vtun_fake_error(k, -EEXIST, "child name is in use");
	if (c->id && vtun_fake_child(c->id))
		return vtun_fake_error(k, -EEXIST, "child id is in use");
	if (c->ifindex > fake.n_links ||
	    (c->ifindex && strcmp(fake.links[c->ifindex - 1].kind, "vtun")))
		return vtun_fake_error(k, -ENODEV, "no vtun device with this index");
	if (!c->local.family || !c->remote.family)
		return vtun_fake_error(k, -EINVAL, "child needs outer addresses");
	if (fake.n_children == MAX_CHILDREN)
		return vtun_fake_error(k, -ENOMEM, "out of memory");
	slot = &fake.children[fake.n_children++];
	*slot = *c;
	while (!slot->id || child_find(slot->id, NULL) != slot)
		slot->id = fake.next_id++;
	if (slot->hold_packets == VTUN_K_DEFAULT)
		slot->hold_packets = VTUN_HOLD_PACKETS_DEFAULT;
	if (slot->hold_bytes == VTUN_K_DEFAULT)
		slot->hold_bytes = VTUN_HOLD_BYTES_DEFAULT;
	if (slot->hold_ms == VTUN_K_DEFAULT)
		slot->hold_ms = VTUN_HOLD_MS_DEFAULT;
	if (id)
		*id = slot->id;
	return 0;
}

static bool is_given(const struct vtun_k_child *c, unsigned int attr)
{
	return c->given & VTUN_K_BIT(attr);
}

/* the settings that have a bit in @c->given */
static void child_apply(struct vtun_k_child *to, const struct vtun_k_child *c)
{
	if (is_given(c, VTUN_A_CHILD_LOCAL))
		to->local = c->local;
	if (is_given(c, VTUN_A_CHILD_REMOTE))
		to->remote = c->remote;
	if (is_given(c, VTUN_A_CHILD_TS_LOCAL)) {
		memcpy(to->ts_local, c->ts_local, sizeof(to->ts_local));
		to->n_ts_local = c->n_ts_local;
	}
	if (is_given(c, VTUN_A_CHILD_TS_REMOTE)) {
		memcpy(to->ts_remote, c->ts_remote, sizeof(to->ts_remote));
		to->n_ts_remote = c->n_ts_remote;
	}
	if (is_given(c, VTUN_A_CHILD_FLAGS))
		to->flags = c->flags;
	if (is_given(c, VTUN_A_CHILD_HOLD_PACKETS))
		to->hold_packets = c->hold_packets;
	if (is_given(c, VTUN_A_CHILD_HOLD_BYTES))
		to->hold_bytes = c->hold_bytes;
	if (is_given(c, VTUN_A_CHILD_HOLD_MS))
		to->hold_ms = c->hold_ms;
	if (is_given(c, VTUN_A_CHILD_ENCAP))
		to->encap = c->encap;
	if (is_given(c, VTUN_A_CHILD_LOCAL_PORT))
		to->local_port = c->local_port;
	if (is_given(c, VTUN_A_CHILD_REMOTE_PORT))
		to->remote_port = c->remote_port;
	if (is_given(c, VTUN_A_CHILD_KEEPALIVE_MS))
		to->keepalive_ms = c->keepalive_ms;
	if (is_given(c, VTUN_A_CHILD_DF))
		to->df = c->df;
	if (is_given(c, VTUN_A_CHILD_DSCP))
		to->dscp = c->dscp;
	if (is_given(c, VTUN_A_CHILD_MSS_CLAMP))
		to->mss_clamp = c->mss_clamp;
	if (is_given(c, VTUN_A_CHILD_MARK))
		to->mark = c->mark;
	if (is_given(c, VTUN_A_CHILD_LINK))
		to->link = c->link;
}

int vtun_k_child_set(struct vtun_k *k, const struct vtun_k_child *c)
{
	struct vtun_k_child *found = child_find(c->id, c->name);
	int ret = vtun_fake_enter(k, "child_set");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no such child");
	if (!c->given)
		return vtun_fake_error(k, -EINVAL, "nothing is to change");
	child_apply(found, c);
	return 0;
}

int vtun_k_child_del(struct vtun_k *k, uint32_t id, const char *name)
{
	struct vtun_k_child *c = child_find(id, name);
	int ret = vtun_fake_enter(k, "child_del");
	unsigned int i;

	if (ret)
		return ret;
	if (!c)
		return vtun_fake_error(k, -ENOENT, "no such child");
	if (vtun_fake_policies_of(c->id))
		return vtun_fake_error(k, -EBUSY, "policies name the child: delete them first");
	for (i = fake.n_sas; i--; )
		if (fake.sas[i].child_id == c->id)
			sa_remove(&fake.sas[i]);
	*c = fake.children[--fake.n_children];
	return 0;
}

int vtun_k_child_get(struct vtun_k *k, uint32_t id, const char *name,
		     struct vtun_k_child *c)
{
	struct vtun_k_child *found = child_find(id, name);
	int ret = vtun_fake_enter(k, "child_get");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no such child");
	*c = *found;
	c->policies = vtun_fake_policies_of(c->id);
	return 0;
}

void *vtun_fake_copy(const void *items, size_t size)
{
	void *copy = size ? malloc(size) : NULL;

	return copy ? memcpy(copy, items, size) : NULL;
}

int vtun_k_child_list(struct vtun_k *k, struct vtun_k_child **list,
		      unsigned int *n)
{
	int ret = vtun_fake_enter(k, "child_list");
	unsigned int i;

	*list = NULL;
	*n = 0;
	if (ret)
		return ret;
	*n = fake.n_children;
	*list = vtun_fake_copy(fake.children, sizeof(**list) * *n);
	for (i = 0; *list && i < *n; i++)
		(*list)[i].policies = vtun_fake_policies_of((*list)[i].id);
	return 0;
}

int vtun_k_spi_alloc(struct vtun_k *k, uint32_t child_id, uint32_t min,
		     uint32_t max, uint32_t *spi)
{
	uint32_t high = max ? max : UINT32_MAX;
	int ret = vtun_fake_enter(k, "spi_alloc");
	struct vtun_k_sa *sa;

	if (ret)
		return ret;
	if (child_id && !vtun_fake_child(child_id))
		return vtun_fake_error(k, -ENOENT, "no such child");
	*spi = min ? min : fake.next_spi++;
	while (vtun_fake_sa(VTUN_DIR_IN, 0, *spi))
		if ((*spi)++ >= high)
			return vtun_fake_error(k, -ENOSPC, "no free SPI in the range");
	sa = &fake.sas[fake.n_sas++];
	memset(sa, 0, sizeof(*sa));
	sa->dir = VTUN_DIR_IN;
	sa->spi = *spi;
	sa->state = VTUN_SA_LARVAL;
	return 0;
}

static int install_check(struct vtun_k *k, const struct vtun_k_install *ins,
			 const struct vtun_k_sa *sa, enum vtun_dir dir)
{
	const struct vtun_k_sa *old;
	const struct vtun_suite *suite;

	if (!sa)
		return 0;
	old = vtun_fake_sa(dir, ins->child_id, sa->spi);
	suite = vtun_suite_by_id(sa->encr, 0, sa->integ);
	if (old && (dir == VTUN_DIR_OUT || old->state != VTUN_SA_LARVAL))
		return vtun_fake_error(k, -EEXIST, "SPI is in use");
	if (!suite || !vtun_suite_by_id(sa->encr, sa->key_len -
					suite->salt_len - suite->integ_len,
					sa->integ))
		return vtun_fake_error(k, -EINVAL, "no such suite");
	if (fake.n_sas >= MAX_SAS - 2)
		return vtun_fake_error(k, -ENOMEM, "out of memory");
	return 0;
}

static void install_one(const struct vtun_k_install *ins,
			const struct vtun_k_sa *from, enum vtun_dir dir,
			uint32_t pair)
{
	struct vtun_k_sa *sa = vtun_fake_sa(dir, ins->child_id, from->spi);
	const struct vtun_suite *suite;

	if (!sa)
		sa = &fake.sas[fake.n_sas++];
	*sa = *from;
	sa->dir = dir;
	sa->child_id = ins->child_id;
	sa->pair_spi = pair;
	sa->state = VTUN_SA_ACTIVE;
	suite = vtun_suite_by_id(sa->encr, 0, sa->integ);
	sa->key_len -= suite->salt_len + suite->integ_len;
	memset(sa->key, 0, sizeof(sa->key));
}

static void make_current(struct vtun_k_child *c, struct vtun_k_sa *sa,
			 enum vtun_switch why)
{
	struct vtun_k_sa *old = vtun_fake_sa(VTUN_DIR_OUT, c->id, c->out_spi);
	struct vtun_k_event ev = {
		.type = VTUN_K_EV_SWITCH, .child_id = c->id,
		.dir = VTUN_DIR_OUT, .spi = sa->spi, .cause = why,
		.old_spi = c->out_spi,
	};

	if (old)
		old->state = VTUN_SA_SUPERSEDED;
	sa->state = VTUN_SA_ACTIVE;
	sa->switched = why;
	c->out_spi = sa->spi;
	c->acquiring = false;
	c->switches++;
	memcpy(ev.child, c->name, sizeof(ev.child));
	vtun_fake_emit(&ev);
}

int vtun_k_sa_install(struct vtun_k *k, const struct vtun_k_install *ins)
{
	struct vtun_k_child *c = vtun_fake_child(ins->child_id);
	int ret = vtun_fake_enter(k, "sa_install");
	struct vtun_k_sa *out;

	if (ret)
		return ret;
	if (!c)
		return vtun_fake_error(k, -ENOENT, "no such child");
	if (!ins->in && !ins->out)
		return vtun_fake_error(k, -EINVAL, "no SA");
	ret = install_check(k, ins, ins->in, VTUN_DIR_IN);
	if (!ret)
		ret = install_check(k, ins, ins->out, VTUN_DIR_OUT);
	if (ret)
		return ret;
	if (ins->in)
		install_one(ins, ins->in, VTUN_DIR_IN,
			    ins->out ? ins->out->spi : 0);
	if (!ins->out)
		return 0;
	install_one(ins, ins->out, VTUN_DIR_OUT, ins->in ? ins->in->spi : 0);
	out = vtun_fake_sa(VTUN_DIR_OUT, c->id, ins->out->spi);
	out->state = VTUN_SA_STANDBY;
	if (ins->sw == VTUN_SWITCH_NOW)
		make_current(c, out, VTUN_SWITCH_NOW);
	return 0;
}

int vtun_k_sa_activate(struct vtun_k *k, uint32_t child_id, uint32_t spi)
{
	struct vtun_k_sa *sa = vtun_fake_sa(VTUN_DIR_OUT, child_id, spi);
	int ret = vtun_fake_enter(k, "sa_activate");

	if (ret)
		return ret;
	if (!sa)
		return vtun_fake_error(k, -ENOENT, "no such SA");
	if (sa->state == VTUN_SA_ACTIVE)
		return 0;
	if (sa->state == VTUN_SA_EXPIRED)
		return vtun_fake_error(k, -EKEYEXPIRED,
			    "the SA expired hard, it has no keys");
	make_current(vtun_fake_child(child_id), sa, VTUN_SWITCH_REQUEST);
	return 0;
}

int vtun_k_sa_get(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, struct vtun_k_sa *sa)
{
	struct vtun_k_sa *found = vtun_fake_sa(dir, child_id, spi);
	int ret = vtun_fake_enter(k, "sa_get");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no such SA");
	*sa = *found;
	return 0;
}

int vtun_k_sa_set(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, const struct vtun_k_limits *limits)
{
	struct vtun_k_sa *found = vtun_fake_sa(dir, child_id, spi);
	int ret = vtun_fake_enter(k, "sa_set");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no such SA");
#define APPLY(attr, member) do {					\
	if (limits->given & VTUN_K_BIT(VTUN_A_SA_ ## attr))		\
		found->limits.member = limits->member;			\
} while (0)
	APPLY(SOFT_TIME_MS, soft_time_ms);
	APPLY(HARD_TIME_MS, hard_time_ms);
	APPLY(SOFT_IDLE_MS, soft_idle_ms);
	APPLY(HARD_IDLE_MS, hard_idle_ms);
	APPLY(SOFT_BYTES, soft_bytes);
	APPLY(HARD_BYTES, hard_bytes);
	APPLY(SOFT_PACKETS, soft_packets);
	APPLY(HARD_PACKETS, hard_packets);
	APPLY(MARGIN_MS, margin_ms);
#undef APPLY
	return 0;
}

int vtun_k_sa_list(struct vtun_k *k, struct vtun_k_sa **list, unsigned int *n)
{
	int ret = vtun_fake_enter(k, "sa_list");

	*list = NULL;
	*n = 0;
	if (ret)
		return ret;
	*n = fake.n_sas;
	*list = vtun_fake_copy(fake.sas, sizeof(**list) * *n);
	return 0;
}

int vtun_k_sa_del(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi)
{
	struct vtun_k_sa *found = vtun_fake_sa(dir, child_id, spi);
	int ret = vtun_fake_enter(k, "sa_del");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no such SA");
	sa_remove(found);
	return 0;
}

int vtun_k_flush(struct vtun_k *k)
{
	int ret = vtun_fake_enter(k, "flush");

	if (ret)
		return ret;
	fake.n_sas = 0;
	fake.n_children = 0;
	return 0;
}

static unsigned int link_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < fake.n_links; i++)
		if (!strcmp(fake.links[i].name, name))
			return i + 1;
	return 0;
}

int vtun_k_link_add(struct vtun_k *k, const char *name, uint32_t *ifindex,
		    bool *created)
{
	unsigned int at = link_find(name);
	int ret = vtun_fake_enter(k, "link_add");

	if (ret)
		return ret;
	if (created)
		*created = !at;
	if (!at)
		at = vtun_fake_add_link(name, "vtun");
	if (strcmp(fake.links[at - 1].kind, "vtun"))
		return vtun_fake_error(k, -EEXIST, "device %s is of kind \"%s\", not \"vtun\"",
			    name, fake.links[at - 1].kind);
	*ifindex = at;
	return 0;
}

int vtun_k_link_index(struct vtun_k *k, const char *name, uint32_t *ifindex)
{
	unsigned int at = link_find(name);

	if (!at)
		return vtun_fake_error(k, -ENODEV, "no device \"%s\"", name);
	*ifindex = at;
	return 0;
}

int vtun_k_link_name(struct vtun_k *k, uint32_t ifindex,
		     char name[VTUN_K_IFNAME])
{
	if (!ifindex || ifindex > fake.n_links)
		return vtun_fake_error(k, -ENXIO, "no device with index %u",
				       ifindex);
	memcpy(name, fake.links[ifindex - 1].name, VTUN_K_IFNAME);
	return 0;
}

int vtun_k_event_fd(const struct vtun_k *k)
{
	return k->fd;
}

int vtun_k_event_read(struct vtun_k *k, struct vtun_k_event *ev)
{
	const struct vtun_k_event *next;
	uint64_t dump;

	if (k->ev_pos == fake.n_events) {
		if (read(k->fd, &dump, sizeof(dump)) < 0 && errno != EAGAIN)
			return -errno;
		return 0;
	}
	next = &fake.events[k->ev_pos];
	if (next->seq != k->ev_next) {
		memset(ev, 0, sizeof(*ev));
		ev->type = VTUN_K_EV_RESYNC;
		ev->seq = k->ev_next;
		ev->lost = next->seq - k->ev_next;
		k->ev_next = next->seq;
		return 1;
	}
	*ev = *next;
	k->ev_next++;
	k->ev_pos++;
	return 1;
}
