// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of inputs for every parser and formatter of userspace/lib. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ktap.h"
#include "lib/kernel.h"
#include "lib/names.h"
#include "lib/parse.h"

/* the sentence quotes what was wrong, and nothing was written */
static bool refused(int ret, bool untouched, const struct vtun_err *err,
		    const char *hint)
{
	return ret == -EINVAL && untouched && strstr(err->text, hint);
}

static void test_durations(void)
{
	static const struct { const char *in; uint64_t ms; } good[] = {
		{ "0", 0 }, { "1", 1000 }, { "30s", 30000 }, { "500ms", 500 },
		{ "5m", 300000 }, { "1h", 3600000 }, { "2d", 172800000 },
		{ "0x10", 16000 }, { "9223372036854775807ms", INT64_MAX },
	};
	static const char *const bad[] = {
		"", "s", "-1", "1.5s", "5 m", "5M", "1hh", "x", "1h30m", "+3",
		"9223372036854775808ms", "18446744073709551616", "0x",
		"9223372036854775807s", "106751991168d",
	};
	struct vtun_err err;
	char buf[VTUN_NUM_STRLEN];
	unsigned int i;
	uint64_t v;
	bool ok = true;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (vtun_parse_duration(good[i].in, &v, &err) ||
		    v != good[i].ms) {
			ktap_note("\"%s\" gave %" PRIu64, good[i].in, v);
			ok = false;
		}
	ktap_ok(ok, "durations: %u good inputs", i);
	for (i = 0, ok = true; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v = 77;
		if (refused(vtun_parse_duration(bad[i], &v, &err), true, &err,
			    bad[i]) && v == 77)
			continue;
		ktap_note("\"%s\" was taken or touched: %s", bad[i], err.text);
		ok = false;
	}
	ktap_ok(ok, "durations: %u bad inputs", i);
	ktap_ok(!strcmp(vtun_format_duration(120, buf), "120ms") &&
		!strcmp(vtun_format_duration(4560, buf), "4.5s") &&
		!strcmp(vtun_format_duration(65000, buf), "1m05s") &&
		!strcmp(vtun_format_duration(3723000, buf), "1h02m03s") &&
		!strcmp(vtun_format_duration(UINT64_MAX, buf),
			"213503982334d14h25m"), "durations in words");
}

static void test_sizes(void)
{
	static const struct { const char *in; uint64_t bytes; } good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "4096B", 4096 },
		{ "64K", 65536 }, { "64k", 65536 }, { "5M", 5242880 },
		{ "1G", 1073741824 }, { "1T", 1099511627776 },
		{ "8388607T", 8388607ULL << 40 },
	};
	static const char *const bad[] = {
		"", "K", "1 K", "1KB", "-5", "1.5M", "8388608T", "0xg",
		"99999999999999999999",
	};
	struct vtun_err err;
	char buf[VTUN_NUM_STRLEN];
	unsigned int i;
	uint64_t v;
	bool ok = true;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (vtun_parse_size(good[i].in, &v, &err) ||
		    v != good[i].bytes) {
			ktap_note("\"%s\" gave %" PRIu64, good[i].in, v);
			ok = false;
		}
	ktap_ok(ok, "sizes: %u good inputs", i);
	for (i = 0, ok = true; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v = 77;
		if (refused(vtun_parse_size(bad[i], &v, &err), true, &err,
			    bad[i]) && v == 77)
			continue;
		ktap_note("\"%s\" was taken", bad[i]);
		ok = false;
	}
	ktap_ok(ok, "sizes: %u bad inputs", i);
	ktap_ok(!strcmp(vtun_format_size(0, buf), "0B") &&
		!strcmp(vtun_format_size(10240, buf), "10.0K") &&
		!strcmp(vtun_format_size(1536 * 1024, buf), "1.5M") &&
		!strcmp(vtun_format_size(UINT64_MAX, buf), "15.9E"),
		"sizes in words");
}

static void test_spis(void)
{
	static const struct { const char *in; uint32_t spi; } good[] = {
		{ "256", 256 }, { "0x100", 256 }, { "0xC0ffee01", 0xc0ffee01 },
		{ "4294967295", UINT32_MAX },
	};
	static const struct { const char *in, *hint; } bad[] = {
		{ "0", "reserved" }, { "255", "reserved" },
		{ "0xff", "reserved" }, { "4294967296", "not an SPI" },
		{ "0x100000000", "not an SPI" }, { "c0ffee01", "not an SPI" },
		{ "", "not an SPI" }, { "-256", "not an SPI" },
		{ "256 ", "not an SPI" },
	};
	struct vtun_err err;
	unsigned int i;
	bool ok = true;
	uint32_t v;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok &= !vtun_parse_spi(good[i].in, &v, &err) &&
		      v == good[i].spi;
	ktap_ok(ok, "SPIs: %u good inputs", i);
	for (i = 0, ok = true; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v = 77;
		if (refused(vtun_parse_spi(bad[i].in, &v, &err), true, &err,
			    bad[i].hint) && v == 77)
			continue;
		ktap_note("\"%s\": %s", bad[i].in, err.text);
		ok = false;
	}
	ktap_ok(ok, "SPIs: %u bad inputs", i);
}

struct ts_case {
	const char *in;
	const char *out;	/* NULL: the same */
};

static void test_selectors(void)
{
	static const struct ts_case good[] = {
		{ "10.1.0.0/16" }, { "0.0.0.0/0" }, { "::/0" },
		{ "10.1.2.3", "10.1.2.3/32" }, { "fd00::1", "fd00::1/128" },
		{ "10.0.0.1-10.0.0.9" }, { "fd00::1-fd00::ffff" },
		{ "10.0.0.0-10.0.0.255", "10.0.0.0/24" },
		{ "10.1.0.0/16[tcp/80]" }, { "10.1.0.0/16[tcp]" },
		{ "10.1.0.0/16[6/80-90]", "10.1.0.0/16[tcp/80-90]" },
		{ "10.1.0.0/16[udp/0-65535]", "10.1.0.0/16[udp]" },
		{ "::/0[icmp6]", "::/0[ipv6-icmp]" },
		{ "::/0[any]", "::/0" }, { "::/0[0]", "::/0" },
		{ "0.0.0.0/0[253]" }, { "128.0.0.0/1" },
		{ "10.0.0.1-10.0.0.1", "10.0.0.1/32" },
		{ "2001:db8::/33" },
	};
	static const struct { const char *in, *hint; } bad[] = {
		{ "", "not a selector" }, { "10.1.0.0/33", "\"33\"" },
		{ "10.1.0.0/", "\"\"" }, { "::/129", "129" },
		{ "10.1.0.1/16", "bits set" }, { "fd00::1/64", "bits set" },
		{ "10.1.0/16", "not a selector" },
		{ "10.0.0.9-10.0.0.1", "ends before" },
		{ "10.0.0.1-fd00::1", "one family" },
		{ "10.0.0.1-", "one family" }, { "-10.0.0.1", "one family" },
		{ "10.0.0.0/8[tcp/80", "bracket" },
		{ "10.0.0.0/8[tcp]x", "bracket" },
		{ "10.0.0.0/8[]", "no protocol" },
		{ "10.0.0.0/8[tcpp]", "\"tcpp\"" },
		{ "10.0.0.0/8[256]", "\"256\"" },
		{ "10.0.0.0/8[tcp/65536]", "65535" },
		{ "10.0.0.0/8[tcp/90-80]", "ports" },
		{ "10.0.0.0/8[tcp/]", "65535" },
		{ "10.0.0.0/8[any/80]", "without a protocol" },
		{ "10.0.0.0/8[tcp/-80]", "65535" },
	};
	char buf[VTUN_TS_STRLEN];
	struct vtun_err err;
	struct vtun_ts ts;
	const char *want;
	unsigned int i;
	bool ok = true;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		want = good[i].out ? good[i].out : good[i].in;
		if (!vtun_parse_ts(good[i].in, &ts, &err) &&
		    !strcmp(vtun_format_ts(&ts, buf), want))
			continue;
		ktap_note("\"%s\" gave %s", good[i].in, buf);
		ok = false;
	}
	ktap_ok(ok, "selectors: %u good inputs", i);
	for (i = 0, ok = true; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&ts, 7, sizeof(ts));
		if (refused(vtun_parse_ts(bad[i].in, &ts, &err),
			    ts.proto == 7, &err, bad[i].hint))
			continue;
		ktap_note("\"%s\": %s", bad[i].in, err.text);
		ok = false;
	}
	ktap_ok(ok, "selectors: %u bad inputs", i);
}

static void test_selector_lists(void)
{
	struct vtun_ts ts[2];
	struct vtun_err err;
	unsigned int n = 9;

	ktap_ok(!vtun_parse_ts_list("10.0.0.0/8,::/0[tcp/1-2]", ts, 2, &n,
				    &err) && n == 2 &&
		ts[1].family == AF_INET6 && ts[1].port_end == 2,
		"list of selectors");
	n = 9;
	ktap_ok(vtun_parse_ts_list("::/0,::/0,::/0", ts, 2, &n, &err) &&
		n == 9 && strstr(err.text, "more than 2"),
		"list of selectors: too many");
	ktap_ok(vtun_parse_ts_list("::/0,", ts, 2, &n, &err) && n == 9,
		"list of selectors: empty item");
}

static void test_addresses(void)
{
	static const char *const bad[] = {
		"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/24", ":::",
		"fe80::1%eth0", "localhost", "01.2.3.4 ",
	};
	char buf[VTUN_ADDR_STRLEN];
	struct vtun_addr a;
	struct vtun_err err;
	unsigned int i;
	bool ok = true;

	ktap_ok(!vtun_parse_addr("192.0.2.1", &a, NULL) &&
		a.family == AF_INET &&
		!strcmp(vtun_format_addr(&a, buf), "192.0.2.1") &&
		!vtun_parse_addr("2001:DB8::1", &a, NULL) &&
		a.family == AF_INET6 &&
		!strcmp(vtun_format_addr(&a, buf), "2001:db8::1"),
		"addresses");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok &= vtun_parse_addr(bad[i], &a, &err) == -EINVAL &&
		      a.family == AF_INET6;
	ktap_ok(ok, "addresses: %u bad inputs", i);
}

static void test_hex(void)
{
	uint8_t key[4];
	struct vtun_err err;
	size_t n = 0;
	int ret;

	ktap_ok(!vtun_parse_hex("0xDE ad\n be:ef", 11, key, 4, &n, &err) &&
		n == 3 && key[0] == 0xde && key[2] == 0xbe, "hex digits");
	ret = vtun_parse_hex("deadbZef", 8, key, 4, &n, &err);
	ktap_ok(ret && strstr(err.text, "character 6") &&
		!strstr(err.text, "dead"),
		"hex digits: error names the place, not the key");
	ktap_ok(vtun_parse_hex("abc", 3, key, 4, &n, &err) &&
		strstr(err.text, "odd"), "hex digits: odd number");
	ktap_ok(vtun_parse_hex("0011223344", 10, key, 4, &n, &err) &&
		strstr(err.text, "more than 4"), "hex digits: too many");
	ktap_ok(!vtun_parse_hex("", 0, key, 4, &n, &err) && !n,
		"hex digits: none");
}

static void test_words(void)
{
	char name[VTUN_NAME_MAX + 1] = "";
	struct vtun_err err;
	uint32_t v;
	bool b;

	ktap_ok(!vtun_parse_name("gw-a.lan_1@x:y", name, sizeof(name), &err) &&
		!strcmp(name, "gw-a.lan_1@x:y"), "name");
	ktap_ok(vtun_parse_name("a b", name, sizeof(name), &err) &&
		strstr(err.text, "\" \""), "name: blank");
	ktap_ok(vtun_parse_name("a\x1b[31m", name, sizeof(name), &err) &&
		!strchr(err.text, 0x1b), "name: escape is not echoed");
	ktap_ok(vtun_parse_name("", name, sizeof(name), &err) &&
		vtun_parse_name("12345678901234567890123456789012", name,
				sizeof(name), &err) &&
		strstr(err.text, "1 to 31"), "name: length");
	ktap_ok(!vtun_parse_bool("yes", &b, NULL) && b &&
		!vtun_parse_bool("disable", &b, NULL) && !b &&
		vtun_parse_bool("maybe", &b, &err) &&
		strstr(err.text, "maybe"), "yes and no");
	ktap_ok(!vtun_parse_u32("7", 7, 9, &v, NULL) && v == 7 &&
		vtun_parse_u32("6", 7, 9, &v, &err) &&
		strstr(err.text, "from 7 to 9") &&
		vtun_parse_u32("10", 7, 9, &v, &err) && v == 7,
		"numbers in a range");
}

static void test_names(void)
{
	static const char *const words[] = { "local", "remote", "dev", NULL };
	const struct vtun_suite *s;
	bool ok = true;
	uint8_t proto;
	unsigned int i;

	for (i = 1; i <= VTUN_DROP_MAX; i++)
		ok &= strcmp(vtun_name_drop(i), "?") &&
		      strcmp(vtun_text_drop(i), "?");
	for (i = VTUN_SA_LARVAL; i <= VTUN_SA_EXPIRED; i++)
		ok &= !!strcmp(vtun_name_sa_state(i), "?");
	for (i = VTUN_CAUSE_TIME; i <= VTUN_CAUSE_RATE; i++)
		ok &= !!strcmp(vtun_name_cause(i), "?");
	for (i = VTUN_SWITCH_NOW; i <= VTUN_SWITCH_EXPIRED; i++)
		ok &= !!strcmp(vtun_name_switch(i), "?");
	for (i = VTUN_K_EV_ACQUIRE; i <= VTUN_K_EV_AUDIT; i++)
		ok &= !!strcmp(vtun_name_event(i), "?");
	ktap_ok(ok, "everything has a name");
	ktap_ok(!strcmp(vtun_name_drop(0), "?") &&
		!strcmp(vtun_name_drop(9999), "?") &&
		!strcmp(vtun_name_cause(9999), "?") &&
		!strcmp(vtun_suite_name(12, 0, 0), "encr-12"),
		"unknown numbers are safe");
	for (i = 0, ok = true; (s = vtun_suite_get(i)); i++)
		ok &= vtun_suite_by_name(s->name) == s &&
		      vtun_suite_by_id(s->encr, s->key_len,
				       s->integ) == s;
	ktap_ok(ok && i == 22 && !vtun_suite_by_name("aes") &&
		!vtun_suite_by_id(20, 20, 0) && !vtun_suite_by_id(12, 16, 0),
		"suites by name and number");
	ktap_ok(vtun_suite_keymat(vtun_suite_by_name("aes256cbc-sha384")) ==
		32 + 48 && vtun_suite_by_id(30, 16, 0) ==
		vtun_suite_by_name("aes128gcm16-iiv"), "key material");
	ktap_ok(vtun_number_of(vtun_name_mode, VTUN_MODE_TRANSPORT,
			       "transport") == VTUN_MODE_TRANSPORT &&
		vtun_number_of(vtun_name_df, VTUN_DF_CLEAR, "unset") == -1,
		"numbers by name");
	ktap_ok(vtun_proto_by_name("tcp", &proto) && proto == 6 &&
		!vtun_proto_by_name("tc", &proto), "protocols");
	ktap_ok(vtun_nearest("locl", words) == words[0] &&
		vtun_nearest("remtoe", words) == words[1] &&
		vtun_nearest("vde", words) == words[2] &&
		!vtun_nearest("whatever", words), "nearest word");
}

int main(void)
{
	ktap_begin();
	test_durations();
	test_sizes();
	test_spis();
	test_selectors();
	test_selector_lists();
	test_addresses();
	test_hex();
	test_words();
	test_names();
	return ktap_end();
}
