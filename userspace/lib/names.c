// SPDX-License-Identifier: GPL-2.0-or-later
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "kernel.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PICK(table, i)	pick(table, ARRAY_SIZE(table), i)

static const char *pick(const char *const *table, size_t n, unsigned int i)
{
	return i < n && table[i] ? table[i] : "?";
}

static const char *const dirs[] = {
	[VTUN_DIR_IN] = "in",
	[VTUN_DIR_OUT] = "out",
};

static const char *const sa_states[] = {
	[VTUN_SA_LARVAL] = "larval",
	[VTUN_SA_STANDBY] = "standby",
	[VTUN_SA_ACTIVE] = "active",
	[VTUN_SA_SUPERSEDED] = "superseded",
	[VTUN_SA_EXPIRED] = "expired",
};

static const char *const levels[] = {
	[VTUN_EXPIRE_SOFT] = "soft",
	[VTUN_EXPIRE_HARD] = "hard",
};

static const char *const causes[] = {
	[VTUN_CAUSE_TIME] = "time",
	[VTUN_CAUSE_BYTES] = "bytes",
	[VTUN_CAUSE_PACKETS] = "packets",
	[VTUN_CAUSE_SEQUENCE] = "sequence",
	[VTUN_CAUSE_IDLE] = "idle",
	[VTUN_CAUSE_RATE] = "rate",
};

static const char *const switches[] = {
	[VTUN_SWITCH_NOW] = "now",
	[VTUN_SWITCH_STANDBY] = "standby",
	[VTUN_SWITCH_RX_PROOF] = "rx-proof",
	[VTUN_SWITCH_REQUEST] = "request",
	[VTUN_SWITCH_DEADLINE] = "deadline",
	[VTUN_SWITCH_EXPIRED] = "expired",
};

static const char *const modes[] = {
	[VTUN_MODE_TUNNEL] = "tunnel",
	[VTUN_MODE_TRANSPORT] = "transport",
};

static const char *const encaps[] = {
	[VTUN_ENCAP_NONE] = "none",
	[VTUN_ENCAP_UDP] = "udp",
};

static const char *const dfs[] = {
	[VTUN_DF_COPY] = "copy",
	[VTUN_DF_SET] = "set",
	[VTUN_DF_CLEAR] = "clear",
};

static const char *const actions[] = {
	[VTUN_ACTION_PROTECT] = "protect",
	[VTUN_ACTION_BYPASS] = "bypass",
	[VTUN_ACTION_DISCARD] = "discard",
};

static const char *const events[] = {
	[VTUN_K_EV_ACQUIRE] = "acquire",
	[VTUN_K_EV_EXPIRE] = "expire",
	[VTUN_K_EV_SWITCH] = "switch",
	[VTUN_K_EV_RESYNC] = "resync",
	[VTUN_K_EV_PEER_MOVED] = "peer-moved",
	[VTUN_K_EV_AUDIT] = "audit",
};

static const struct {
	const char *name, *text;
} drops[] = {
	[VTUN_DROP_NO_CHILD] = {
		"no-child", "no child of the device covers the packet" },
	[VTUN_DROP_NO_SA] = {
		"no-sa", "child has no outbound SA and is not on demand" },
	[VTUN_DROP_HOLD_FULL] = {
		"hold-full", "hold queue limit reached, oldest dropped" },
	[VTUN_DROP_HOLD_AGE] = {
		"hold-age", "no SA came while the packet was held" },
	[VTUN_DROP_HARD_EXPIRED] = {
		"hard-expired", "a hard limit forbids the packet" },
	[VTUN_DROP_SEQUENCE] = {
		"sequence", "sequence numbers used up" },
	[VTUN_DROP_TOO_BIG] = {
		"too-big", "larger than the MTU of the tunnel" },
	[VTUN_DROP_NO_ROUTE] = {
		"no-route", "no route to the outer destination" },
	[VTUN_DROP_LOOP] = {
		"loop", "the tunnel is routed into itself" },
	[VTUN_DROP_NOT_IP] = {
		"not-ip", "neither IPv4 nor IPv6, or header malformed" },
	[VTUN_DROP_NO_MEMORY] = {
		"no-memory", "out of memory" },
	[VTUN_DROP_CRYPTO] = {
		"crypto", "cipher refused to encrypt" },
	[VTUN_DROP_TOO_SHORT] = {
		"too-short", "shorter than an ESP packet can be" },
	[VTUN_DROP_REPLAY_OLD] = {
		"replay-old", "sequence number left of the replay window" },
	[VTUN_DROP_REPLAY_DUP] = {
		"replay-dup", "sequence number seen before" },
	[VTUN_DROP_REPLAY_ZERO] = {
		"replay-zero", "sequence number before the first" },
	[VTUN_DROP_INTEGRITY] = {
		"integrity", "ICV wrong: forged or damaged" },
	[VTUN_DROP_PADDING] = {
		"padding", "pad length or pad octets wrong" },
	[VTUN_DROP_INNER_HEADER] = {
		"inner-header", "inner packet malformed" },
	[VTUN_DROP_NEXT_HEADER] = {
		"next-header", "next header neither IPv4, IPv6 nor dummy" },
	[VTUN_DROP_DUMMY] = {
		"dummy", "dummy packet, as intended by the peer" },
	[VTUN_DROP_TS_MISMATCH] = {
		"ts-mismatch", "inner packet outside the selectors" },
	[VTUN_DROP_OUTER_MISMATCH] = {
		"outer-mismatch", "transport mode, other address family" },
	[VTUN_DROP_DEVICE_DOWN] = {
		"device-down", "the vtun device is not up" },
	[VTUN_DROP_UNKNOWN_SPI] = {
		"unknown-spi", "nobody has this SPI" },
	[VTUN_DROP_DISCARD] = {
		"discard", "a discard policy covers the packet" },
	[VTUN_DROP_CLEAR] = {
		"clear", "came in clear although a policy protects it" },
	[VTUN_DROP_ECN] = {
		"ecn", "congestion that the inner packet cannot report" },
	[VTUN_DROP_TRANSPORT] = {
		"transport", "transport mode cannot carry the packet" },
	[VTUN_DROP_FRAGMENT] = {
		"fragment", "fragment that cannot be matched or joined" },
};

_Static_assert(ARRAY_SIZE(drops) == VTUN_DROP_MAX + 1,
	       "a drop reason has no name");

/* AEADs first: the first suite of a transform is the one with 256 bits */
static const struct vtun_suite suites[] = {
	{ "chacha20poly1305", 28, 0, 32, 4 },	/* RFC 7634 */
	{ "aes256gcm16", 20, 256, 32, 4 },	/* RFC 4106 */
	{ "aes192gcm16", 20, 192, 24, 4 },
	{ "aes128gcm16", 20, 128, 16, 4 },
	{ "chacha20poly1305-iiv", 31, 0, 32, 4 },	/* RFC 8750 */
	{ "aes256gcm16-iiv", 30, 256, 32, 4 },
	{ "aes192gcm16-iiv", 30, 192, 24, 4 },
	{ "aes128gcm16-iiv", 30, 128, 16, 4 },
	{ "aes256cbc-sha512", 12, 256, 32, 0, 14, 64 },	/* RFC 3602, 4868 */
	{ "aes256cbc-sha384", 12, 256, 32, 0, 13, 48 },
	{ "aes256cbc-sha256", 12, 256, 32, 0, 12, 32 },
	{ "aes256cbc-sha1", 12, 256, 32, 0, 2, 20 },	/* RFC 2404 */
	{ "aes192cbc-sha512", 12, 192, 24, 0, 14, 64 },
	{ "aes192cbc-sha384", 12, 192, 24, 0, 13, 48 },
	{ "aes192cbc-sha256", 12, 192, 24, 0, 12, 32 },
	{ "aes192cbc-sha1", 12, 192, 24, 0, 2, 20 },
	{ "aes128cbc-sha512", 12, 128, 16, 0, 14, 64 },
	{ "aes128cbc-sha384", 12, 128, 16, 0, 13, 48 },
	{ "aes128cbc-sha256", 12, 128, 16, 0, 12, 32 },
	{ "aes128cbc-sha1", 12, 128, 16, 0, 2, 20 },
	/* modules with self-tests only */
	{ "null-sha256", 11, 0, 0, 0, 12, 32 },
	{ "null", 11, 0, 16, 0 },
};

/* the ones people write in selectors */
static const struct {
	uint8_t proto;
	const char *name;
} protos[] = {
	{ 1, "icmp" }, { 2, "igmp" }, { 4, "ipip" }, { 6, "tcp" },
	{ 17, "udp" }, { 33, "dccp" }, { 41, "ipv6" }, { 47, "gre" },
	{ 50, "esp" }, { 51, "ah" }, { 58, "ipv6-icmp" }, { 89, "ospf" },
	{ 103, "pim" }, { 112, "vrrp" }, { 115, "l2tp" }, { 132, "sctp" },
	{ 136, "udplite" },
};

const char *vtun_name_dir(unsigned int dir)
{
	return PICK(dirs, dir);
}

const char *vtun_name_sa_state(unsigned int state)
{
	return PICK(sa_states, state);
}

const char *vtun_name_level(unsigned int level)
{
	return PICK(levels, level);
}

const char *vtun_name_cause(unsigned int cause)
{
	return PICK(causes, cause);
}

const char *vtun_name_switch(unsigned int sw)
{
	return PICK(switches, sw);
}

const char *vtun_name_mode(unsigned int mode)
{
	return PICK(modes, mode);
}

const char *vtun_name_encap(unsigned int encap)
{
	return PICK(encaps, encap);
}

const char *vtun_name_df(unsigned int df)
{
	return PICK(dfs, df);
}

const char *vtun_name_action(unsigned int action)
{
	return PICK(actions, action);
}

int vtun_number_of(const char *(*name)(unsigned int), unsigned int max,
		   const char *word)
{
	unsigned int i;

	for (i = 0; i <= max; i++)
		if (!strcmp(name(i), word))
			return i;
	return -1;
}

const char *vtun_name_event(unsigned int type)
{
	return PICK(events, type);
}

const char *vtun_name_drop(unsigned int drop)
{
	return drop && drop < ARRAY_SIZE(drops) ? drops[drop].name : "?";
}

const char *vtun_text_drop(unsigned int drop)
{
	return drop && drop < ARRAY_SIZE(drops) ? drops[drop].text : "?";
}

const struct vtun_suite *vtun_suite_get(unsigned int i)
{
	return i < ARRAY_SIZE(suites) ? &suites[i] : NULL;
}

const struct vtun_suite *vtun_suite_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (!strcmp(suites[i].name, name))
			return &suites[i];
	return NULL;
}

const struct vtun_suite *vtun_suite_by_id(uint16_t encr, uint16_t key_len,
					  uint16_t integ)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i].encr == encr && suites[i].integ == integ &&
		    (!key_len || suites[i].key_len == key_len))
			return &suites[i];
	return NULL;
}

const char *vtun_suite_name(uint16_t encr, uint16_t key_len, uint16_t integ)
{
	const struct vtun_suite *suite = vtun_suite_by_id(encr, key_len, integ);
	static char buf[32];

	if (suite)
		return suite->name;
	if (integ)
		snprintf(buf, sizeof(buf), "encr-%u-integ-%u", encr, integ);
	else
		snprintf(buf, sizeof(buf), "encr-%u", encr);
	return buf;
}

unsigned int vtun_suite_keymat(const struct vtun_suite *suite)
{
	return suite->key_len + suite->salt_len + suite->integ_len;
}

const char *vtun_name_proto(uint8_t proto)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	return NULL;
}

bool vtun_proto_by_name(const char *name, uint8_t *proto)
{
	unsigned int i;

	if (!strcmp(name, "icmpv6") || !strcmp(name, "icmp6"))
		name = "ipv6-icmp";
	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		if (strcmp(protos[i].name, name))
			continue;
		*proto = protos[i].proto;
		return true;
	}
	return false;
}

#define WORD_MAX 31

/* edits (insert, delete, replace, swap) that turn @a into @b */
static unsigned int edits(const char *a, const char *b)
{
	unsigned int d[3][WORD_MAX + 1], la = strlen(a), lb = strlen(b);
	unsigned int i, j, cost, best;

	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		unsigned int *cur = d[i % 3], *prev = d[(i + 2) % 3];

		cur[0] = i;
		for (j = 1; j <= lb; j++) {
			cost = a[i - 1] != b[j - 1];
			best = prev[j - 1] + cost;
			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[(i + 1) % 3][j - 2] + 1 < best)
				best = d[(i + 1) % 3][j - 2] + 1;
			cur[j] = best;
		}
	}
	return d[la % 3][lb];
}

const char *vtun_nearest(const char *word, const char *const *candidates)
{
	unsigned int dist, best = UINT32_MAX;
	const char *found = NULL;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *candidates; candidates++) {
		if (strlen(*candidates) > WORD_MAX)
			continue;
		dist = edits(word, *candidates);
		if (dist < best) {
			best = dist;
			found = *candidates;
		}
	}
	/* a third of the word may be wrong, else it is no typing error */
	return found && best <= strlen(word) / 3 + 1 ? found : NULL;
}
