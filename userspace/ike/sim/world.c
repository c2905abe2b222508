// SPDX-License-Identifier: GPL-2.0-or-later
/* Clock, event queue, network, and the hosts' life. */
#include "sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ike/wire.h"

#define STEPS_MAX	10000	/* events in one millisecond */

enum event_type {
	EV_DGRAM, EV_KREQ, EV_KRES, EV_KEV, EV_ESP, EV_TRAFFIC, EV_ENGINE,
	EV_KERNEL, EV_CALL,
};

struct sim_event {
	uint64_t at, order;
	enum event_type type;
	struct sim_host *h;		/* where it happens */
	unsigned int gen;		/* engine it is meant for */
	union {
		struct {
			uint8_t *data;
			size_t len;
		} dgram;
		struct ike_kreq kreq;
		struct ike_kresult kres;
		struct ike_kevent kev;
		struct {
			uint32_t spi;
			uint8_t key[IKE_KEY_MAX];
			unsigned int bytes;
		} esp;
		uint32_t child;
		struct {
			void (*fn)(struct sim *s, uint64_t arg);
			uint64_t arg;
		} call;
	};
};

/* how often the same octets were lost */
struct sim_drop {
	uint64_t hash;
	unsigned int n;
};

uint64_t sim_rng_next(struct sim_rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t sim_rng_below(struct sim_rng *r, uint64_t n)
{
	return n ? sim_rng_next(r) % n : 0;
}

bool sim_rng_chance(struct sim_rng *r, unsigned int percent)
{
	return sim_rng_below(r, 100) < percent;
}

void sim_rng_fill(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 8 == 0)
			v = sim_rng_next(ctx);
		p[i] = v >> i % 8 * 8;
	}
}

void sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->trace)
		return;
	fprintf(s->trace, "%9.3f  ", s->now / 1000.0 - 1000);
	va_start(ap, fmt);
	vfprintf(s->trace, fmt, ap);
	va_end(ap);
	fputc('\n', s->trace);
}

/* ---- event queue: a binary heap by time, then by order of creation ---- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct sim *s, unsigned int i, unsigned int j)
{
	struct sim_event *tmp = s->heap[i];

	s->heap[i] = s->heap[j];
	s->heap[j] = tmp;
}

static struct sim_event *push(struct sim *s, uint64_t at, enum event_type type,
			      struct sim_host *h)
{
	struct sim_event *ev = calloc(1, sizeof(*ev));
	unsigned int i;

	if (s->n_heap == s->max_heap) {
		s->max_heap = s->max_heap ? 2 * s->max_heap : 64;
		s->heap = realloc(s->heap, s->max_heap * sizeof(*s->heap));
	}
	if (!ev || !s->heap)
		abort();
	ev->at = at;
	ev->order = ++s->order;
	ev->type = type;
	ev->h = h;
	ev->gen = h ? h->gen : 0;
	s->heap[s->n_heap] = ev;
	for (i = s->n_heap++; i && before(ev, s->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(s, i, (i - 1) / 2);
	return ev;
}

static struct sim_event *pop(struct sim *s)
{
	struct sim_event *ev = s->heap[0];
	unsigned int i = 0, c;

	s->heap[0] = s->heap[--s->n_heap];
	while ((c = 2 * i + 1) < s->n_heap) {
		if (c + 1 < s->n_heap && before(s->heap[c + 1], s->heap[c]))
			c++;
		if (!before(s->heap[c], s->heap[i]))
			break;
		swap(s, i, c);
		i = c;
	}
	return ev;
}

static void event_free(struct sim_event *ev)
{
	if (ev->type == EV_DGRAM)
		free(ev->dgram.data);
	free(ev);
}

void sim_at(struct sim *s, uint64_t at,
	    void (*fn)(struct sim *s, uint64_t arg), uint64_t arg)
{
	struct sim_event *ev = push(s, at, EV_CALL, NULL);

	ev->call.fn = fn;
	ev->call.arg = arg;
}

/* ---- network ---- */

static uint64_t hash(const uint8_t *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ *data++) * 0x100000001b3;
	return h;
}

/* true = lost; the same octets only so often, if there is a limit */
static bool lose(struct sim *s, const uint8_t *data, size_t len)
{
	uint64_t key = hash(data, len);
	unsigned int i;

	if (!sim_rng_chance(&s->rng, s->net.loss))
		return false;
	if (!s->net.max_losses)
		return true;
	for (i = 0; i < s->n_drops; i++)
		if (s->drops[i].hash == key)
			return s->drops[i].n++ < s->net.max_losses;
	if (s->n_drops == s->max_drops) {
		s->max_drops = s->max_drops ? 2 * s->max_drops : 64;
		s->drops = realloc(s->drops, s->max_drops * sizeof(*s->drops));
		if (!s->drops)
			abort();
	}
	s->drops[s->n_drops++] = (struct sim_drop){ key, 1 };
	return true;
}

static uint64_t delay(struct sim *s)
{
	return s->net.delay_min +
	       sim_rng_below(&s->rng, s->net.delay_max - s->net.delay_min + 1);
}

static void draw(struct sim *s, const struct sim_host *from,
		 const uint8_t *data, size_t len, const char *fate)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;

	if (!s->trace)
		return;
	if (ike_wire_parse_hdr(data, len, &hdr, &err)) {
		sim_trace(s, "%c %s  malformed, %zu octets%s", from->name,
			  from->idx ? "<--" : "-->", len, fate);
		return;
	}
	sim_trace(s, "%s %s %s %u  %04x_i %04x_r  %zu octets%s",
		  from->idx ? "A <------ B " : "A ------> B ",
		  ike_wire_exchange_name(hdr.exchange),
		  hdr.flags & IKE_WIRE_F_RESPONSE ? "response" : "request",
		  hdr.mid, (unsigned int)(hdr.spi_i & 0xffff),
		  (unsigned int)(hdr.spi_r & 0xffff), len, fate);
}

static void deliver(struct sim *s, struct sim_host *to, const uint8_t *data,
		    size_t len, uint64_t at)
{
	struct sim_event *ev = push(s, at, EV_DGRAM, to);

	ev->dgram.data = malloc(len ? len : 1);
	if (!ev->dgram.data)
		abort();
	memcpy(ev->dgram.data, data, len);
	ev->dgram.len = len;
}

static void count(struct sim_host *h, const uint8_t *data, size_t len)
{
	struct sim *s = h->s;

	h->sends++;
	if (len < IKE_WIRE_HDR_LEN || data[19] & IKE_WIRE_F_RESPONSE ||
	    data[18] < 34 || data[18] > 37)
		return;
	h->requests[data[18] - 34]++;
	if (data[18] == IKE_WIRE_X_IKE_SA_INIT) {
		if (h->inits < 64)
			h->init_at[h->inits] = s->now;
		h->inits++;
	}
}

static void transmit(struct sim_host *h, const uint8_t *data, size_t len)
{
	struct sim *s = h->s;
	struct sim_host *to = &s->host[!h->idx];
	bool lost;

	count(h, data, len);
	lost = s->net.cut || (s->net.filter &&
			      s->net.filter(s->net.filter_ctx, h->idx, data,
					    len));
	if (lost || lose(s, data, len)) {
		draw(s, h, data, len, "  LOST");
		return;
	}
	draw(s, h, data, len, "");
	deliver(s, to, data, len, s->now + delay(s));
	if (sim_rng_chance(&s->rng, s->net.dup)) {
		draw(s, h, data, len, "  DUPLICATE");
		deliver(s, to, data, len, s->now + delay(s));
	}
}

void sim_inject(struct sim *s, unsigned int to, const uint8_t *data, size_t len)
{
	deliver(s, &s->host[to], data, len, s->now);
}

void sim_post_esp(struct sim_host *h, const struct sim_sa *sa,
		  unsigned int bytes)
{
	struct sim *s = h->s;
	struct sim_event *ev;

	h->esp_sent++;
	sim_check_sent(h, sa);
	if (s->net.cut || sim_rng_chance(&s->rng, s->net.esp_loss)) {
		h->esp_lost++;
		return;
	}
	ev = push(s, s->now + delay(s), EV_ESP, &s->host[!h->idx]);
	ev->esp.spi = sa->spi;
	ev->esp.bytes = bytes;
	memcpy(ev->esp.key, sa->key, sizeof(ev->esp.key));
}

void sim_send(struct sim *s, unsigned int host, uint32_t child,
	      unsigned int bytes)
{
	struct sim_sa *sa = sim_kernel_output(&s->host[host], child, bytes);

	if (sa)
		sim_post_esp(&s->host[host], sa, bytes);
}

void sim_traffic(struct sim *s, unsigned int host, uint32_t child, uint64_t ms)
{
	bool running = s->traffic_ms[host][child];

	s->traffic_ms[host][child] = ms;
	if (ms && !running)
		push(s, s->now + 1, EV_TRAFFIC, &s->host[host])->child = child;
}

/* ---- kernel requests and events take time, and stay in order ---- */

void sim_post_kevent(struct sim_host *h, const struct ike_kevent *ev)
{
	struct sim *s = h->s;
	uint64_t at = s->now + sim_rng_below(&s->rng, s->net.kdelay_max + 1);

	if (at < h->k.last_event)
		at = h->k.last_event;
	h->k.last_event = at;
	push(s, at, EV_KEV, h)->kev = *ev;
}

static void post_kreq(struct sim_host *h, const struct ike_kreq *r)
{
	struct sim *s = h->s;
	uint64_t at = s->now + sim_rng_below(&s->rng, s->net.kdelay_max + 1);

	if (at < h->k.last_done)
		at = h->k.last_done;
	h->k.last_done = at;
	push(s, at, EV_KREQ, h)->kreq = *r;
}

static const char *kreq_name(enum ike_kreq_type t)
{
	static const char * const names[] = {
		"alloc-spi", "install", "activate", "delete", "query",
	};

	return names[t];
}

static void run_kreq(struct sim_event *ev)
{
	const struct ike_kreq *r = &ev->kreq;
	struct sim_host *h = ev->h;
	struct sim_event *done;
	struct ike_kresult res;

	/* what a dead daemon asked for is done before the next one starts */
	if (ev->gen != h->gen && h->e)
		return;
	sim_kernel_request(h, r, &res);
	sim_trace(h->s, "%c kernel %s%s in %08x out %08x%s", h->name,
		  kreq_name(r->type), r->type != IKE_KREQ_INSTALL ? "" :
		  r->kswitch == IKE_KSWITCH_NOW ? " now" : " standby",
		  r->type == IKE_KREQ_INSTALL ? r->in.spi :
		  r->type == IKE_KREQ_ALLOC_SPI ? res.spi :
		  r->dir == IKE_DIR_IN ? r->spi : 0,
		  r->type == IKE_KREQ_INSTALL ? r->out.spi :
		  r->dir != IKE_DIR_IN ? r->spi : 0,
		  res.err ? "  FAILED" : "");
	/* the daemon that asked may be gone by now */
	if (ev->gen != h->gen)
		return;
	done = push(h->s, h->s->now, EV_KRES, h);
	done->kres = res;
}

/* ---- hosts ---- */

static void take_note(struct sim_host *h, const struct ike_notify *n)
{
	h->notes[n->type]++;
	strcpy(h->last_text[n->type], n->text);
	sim_trace(h->s, "%c %s %s%s%s: %s", h->name, ike_notify_name(n->type),
		  n->conn, n->child[0] ? "/" : "", n->child, n->text);
}

void sim_drain(struct sim_host *h)
{
	struct ike_action *a;
	uint64_t next;

	if (!h->e)
		return;
	while ((a = ike_engine_action(h->e))) {
		if (a->type == IKE_ACT_SEND)
			transmit(h, a->send.data, a->send.len);
		else if (a->type == IKE_ACT_KERNEL)
			post_kreq(h, &a->kernel);
		else
			take_note(h, &a->notify);
		ike_action_free(a);
	}
	next = ike_engine_next_timer(h->e);
	if (next != UINT64_MAX && (!h->wake || next < h->wake)) {
		/* in the past would be a loop without progress */
		h->wake = next > h->s->now ? next : h->s->now;
		push(h->s, h->wake, EV_ENGINE, h);
	}
}

/* the kernel's next time limit gets an event of its own */
static void arm_kernel(struct sim_host *h)
{
	uint64_t next = sim_kernel_next(&h->k);

	if (next == UINT64_MAX || (h->k.timer && h->k.timer <= next))
		return;
	h->k.timer = next;
	push(h->s, next, EV_KERNEL, h);
}

static void addr_of(unsigned int idx, struct ike_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = AF_INET;
	a->port = 500;
	a->addr[0] = 192;
	a->addr[2] = 2;
	a->addr[3] = idx + 1;
}

static void subnet(struct ike_ts *ts, unsigned int net, unsigned int child)
{
	memset(ts, 0, sizeof(*ts));
	ts->family = AF_INET;
	ts->port_end = 65535;
	ts->start[0] = ts->end[0] = 10;
	ts->start[1] = ts->end[1] = net;
	ts->start[2] = ts->end[2] = child;
	ts->end[3] = 255;
}

static void name_id(struct ike_id *id, const char *name)
{
	id->type = IKE_ID_FQDN;
	id->len = strlen(name);
	memcpy(id->data, name, id->len);
}

static void configure_child(struct sim_host *h, unsigned int i)
{
	struct ike_child_cfg *c = &h->children[i];

	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "lan%u", i + 1);
	c->kernel_id = i + 1;
	subnet(&c->ts_local[0], 1 + h->idx, i);
	subnet(&c->ts_remote[0], 2 - h->idx, i);
	c->n_ts_local = c->n_ts_remote = 1;
	c->suites[0].encr = IKE_ENCR_CHACHA20_POLY1305;
	c->suites[0].esn = IKE_ESN_NO | IKE_ESN_YES;
	c->n_suites = 1;
	c->replay_window = 2048;
	c->on_demand = true;
	c->life.time_ms = 43200000;
}

void sim_configure(struct sim *s, unsigned int n)
{
	static const char psk[] = "a secret only the two of them know";
	unsigned int i, j;

	s->n_children = n;
	for (i = 0; i < SIM_HOSTS; i++) {
		struct sim_host *h = &s->host[i];
		struct ike_conn_cfg *c = &h->conn;

		memset(c, 0, sizeof(*c));
		strcpy(c->name, "peer");
		addr_of(i, &c->local);
		addr_of(!i, &c->remote);
		name_id(&c->local_id, i ? "gw-b.example" : "gw-a.example");
		name_id(&c->remote_id, i ? "gw-a.example" : "gw-b.example");
		c->local_auth = c->remote_auth = IKE_AUTH_PSK;
		c->psk_len = sizeof(psk) - 1;
		memcpy(c->psk, psk, c->psk_len);
		c->suites[0].encr = IKE_ENCR_CHACHA20_POLY1305;
		c->suites[0].prf = IKE_PRF_HMAC_SHA2_256;
		c->suites[0].ke = IKE_KE_X25519;
		c->n_suites = 1;
		for (j = 0; j < n; j++)
			configure_child(h, j);
		c->children = h->children;
		c->n_children = n;
	}
}

struct sim *sim_new(uint64_t seed, FILE *trace)
{
	struct sim *s = calloc(1, sizeof(*s));
	unsigned int i;

	if (!s)
		abort();
	s->now = 1000000;
	s->rng.state = seed;
	s->trace = trace;
	s->net.delay_min = 5;
	s->net.delay_max = 5;
	for (i = 0; i < SIM_HOSTS; i++) {
		struct sim_host *h = &s->host[i];

		h->s = s;
		h->idx = i;
		h->name = 'A' + i;
		addr_of(i, &h->addr);
		h->rng.state = sim_rng_next(&s->rng);
		h->ecfg.random = sim_rng_fill;
		h->ecfg.random_ctx = &h->rng;
	}
	return s;
}

void sim_free(struct sim *s)
{
	unsigned int i;

	for (i = 0; i < SIM_HOSTS; i++)
		ike_engine_free(s->host[i].e);
	while (s->n_heap)
		event_free(pop(s));
	free(s->heap);
	free(s->drops);
	free(s->keys);
	free(s);
}

void sim_start(struct sim *s, unsigned int host)
{
	struct sim_host *h = &s->host[host];
	int err;

	h->gen++;
	h->wake = 0;
	h->e = ike_engine_new(&h->ecfg);
	if (!h->e)
		abort();
	sim_trace(s, "%c starts", h->name);
	err = ike_engine_conn_add(h->e, s->now, &h->conn);
	if (err)
		sim_fail(s, "conn_add: %s", strerror(-err));
	sim_drain(h);
}

void sim_crash(struct sim *s, unsigned int host)
{
	struct sim_host *h = &s->host[host];

	if (!h->e)
		return;
	sim_trace(s, "%c CRASHES", h->name);
	ike_engine_free(h->e);
	h->e = NULL;
	h->gen++;
	h->wake = 0;
}

static void adopt(struct sim_host *h, struct sim_sa *out)
{
	struct sim_sa *in = sim_kernel_find(&h->k, IKE_DIR_IN, 0, out->pair);

	if (in && in->state == SIM_SA_ACTIVE &&
	    out->state != SIM_SA_EXPIRED) {
		ike_engine_adopt(h->e, h->s->now, out->child, in->spi,
				 out->spi);
		return;
	}
	out->used = false;
	if (in)
		in->used = false;
}

/* as a daemon does it: what still works is adopted, the rest is deleted */
void sim_restart(struct sim *s, unsigned int host)
{
	struct sim_host *h = &s->host[host];
	unsigned int i, pass;

	if (h->e)
		return;
	h->gen++;
	h->wake = 0;
	h->e = ike_engine_new(&h->ecfg);
	sim_trace(s, "%c RESTARTS", h->name);
	ike_engine_conn_add(h->e, s->now, &h->conn);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < SIM_SAS; i++) {
			struct sim_sa *sa = &h->k.sas[i];
			bool active = sa->state == SIM_SA_ACTIVE;

			if (!sa->used || sa->dir != IKE_DIR_OUT)
				continue;
			if (active != pass)
				adopt(h, sa);
		}
	for (i = 0; i < SIM_SAS; i++) {
		struct sim_sa *sa = &h->k.sas[i];

		if (!sa->used || sa->dir != IKE_DIR_IN ||
		    sim_kernel_find(&h->k, IKE_DIR_OUT, sa->child, sa->pair))
			continue;
		if (sa->state == SIM_SA_ACTIVE)
			ike_engine_adopt(h->e, s->now, sa->child, sa->spi, 0);
		else
			sa->used = false;
	}
	sim_drain(h);
}

void sim_reboot(struct sim *s, unsigned int host)
{
	struct sim_host *h = &s->host[host];

	sim_crash(s, host);
	memset(&h->k, 0, sizeof(h->k));
	sim_excuse(s, 0);
	sim_start(s, host);
}

int sim_command(struct sim *s, unsigned int host, enum ike_cmd_type cmd,
		const char *child)
{
	static const char * const names[] = {
		"up", "down", "rekey-child", "rekey-ike",
	};
	struct sim_host *h = &s->host[host];
	int err;

	if (!h->e)
		return -ESRCH;
	if (cmd == IKE_CMD_DOWN)
		sim_excuse(s, 0);
	sim_trace(s, "%c command %s %s", h->name, names[cmd],
		  child ? child : "");
	err = ike_input_command(h->e, s->now, cmd, "peer", child);
	sim_drain(h);
	return err;
}

/* ---- the clock ---- */

static void run_traffic(struct sim *s, struct sim_event *ev)
{
	uint64_t ms = s->traffic_ms[ev->h->idx][ev->child];

	if (!ms)
		return;
	sim_send(s, ev->h->idx, ev->child, 100);
	push(s, s->now + ms, EV_TRAFFIC, ev->h)->child = ev->child;
}

static void run_engine(struct sim_host *h)
{
	h->wake = 0;
	ike_input_timer(h->e, h->s->now);
	if (ike_engine_next_timer(h->e) <= h->s->now)
		sim_fail(h->s, "%c: timer does not move on", h->name);
}

static void run_esp(struct sim *s, struct sim_event *ev)
{
	if (sim_kernel_input(ev->h, ev->esp.spi, ev->esp.key, ev->esp.bytes)) {
		s->host[!ev->h->idx].esp_ok++;
		return;
	}
	s->host[!ev->h->idx].esp_bad++;
	sim_trace(s, "%c drops ESP %08x: no such SA", ev->h->name,
		  ev->esp.spi);
}

static bool for_engine(const struct sim_event *ev)
{
	return ev->type == EV_DGRAM || ev->type == EV_KRES ||
	       ev->type == EV_KEV || ev->type == EV_ENGINE;
}

static void run_event(struct sim *s, struct sim_event *ev)
{
	struct sim_host *h = ev->h;

	/* a datagram or an event finds whatever engine runs then */
	if (for_engine(ev) && (!h->e || ((ev->type == EV_KRES ||
					  ev->type == EV_ENGINE) &&
					 ev->gen != h->gen)))
		return;
	switch (ev->type) {
	case EV_DGRAM:
		ike_input_datagram(h->e, s->now, &h->addr,
				   &s->host[!h->idx].addr, ev->dgram.data,
				   ev->dgram.len);
		break;
	case EV_KREQ:
		run_kreq(ev);
		break;
	case EV_KRES:
		ike_input_kernel(h->e, s->now, &ev->kres);
		break;
	case EV_KEV:
		ike_input_kevent(h->e, s->now, &ev->kev);
		break;
	case EV_ESP:
		run_esp(s, ev);
		break;
	case EV_TRAFFIC:
		run_traffic(s, ev);
		break;
	case EV_ENGINE:
		if (h->wake == ev->at)
			run_engine(h);
		break;
	case EV_KERNEL:
		h->k.timer = 0;
		sim_kernel_tick(h);
		break;
	case EV_CALL:
		ev->call.fn(s, ev->call.arg);
		break;
	}
}

bool sim_run(struct sim *s, uint64_t ms)
{
	uint64_t end = s->now + ms;
	unsigned int i, steps = 0;
	struct sim_event *ev;

	for (i = 0; i < SIM_HOSTS; i++)
		arm_kernel(&s->host[i]);
	while (!s->error[0] && s->n_heap && s->heap[0]->at <= end) {
		ev = pop(s);
		steps = ev->at == s->now ? steps + 1 : 0;
		if (steps > STEPS_MAX)
			sim_fail(s, "time stands still");
		s->now = ev->at;
		run_event(s, ev);
		event_free(ev);
		for (i = 0; i < SIM_HOSTS; i++) {
			sim_drain(&s->host[i]);
			arm_kernel(&s->host[i]);
		}
		sim_check(s);
	}
	if (!s->error[0])
		s->now = end;
	return !s->error[0];
}
