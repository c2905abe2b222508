// SPDX-License-Identifier: GPL-2.0-or-later
/* Identities, RFC 7296 3.5. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "wire.h"

int ike_wire_id(struct ike_wire_view body, struct ike_id *id,
		struct ike_wire_err *err)
{
	size_t len;

	memset(id, 0, sizeof(*id));
	/* type, three reserved octets, then at least one octet */
	if (!body.data || body.len < 5)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_IDI, 0, "identity too short");
	len = body.len - 4;
	switch (body.data[0]) {
	case IKE_ID_IPV4:
	case IKE_ID_IPV6:
		if (len != (body.data[0] == IKE_ID_IPV4 ? 4 : 16))
			return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
					     IKE_WIRE_P_IDI, 4,
					     "address identity of %zu octets",
					     len);
		break;
	case IKE_ID_FQDN:
	case IKE_ID_EMAIL:
	case IKE_ID_KEY_ID:
		break;
	default:
		return ike_wire_fail(err, IKE_WIRE_N_AUTHENTICATION_FAILED,
				     IKE_WIRE_P_IDI, 0,
				     "identity type %u is not supported",
				     body.data[0]);
	}
	if (len > sizeof(id->data))
		return ike_wire_fail(err, IKE_WIRE_N_AUTHENTICATION_FAILED,
				     IKE_WIRE_P_IDI, 4,
				     "identity of %zu octets is too long", len);
	id->type = body.data[0];
	id->len = len;
	memcpy(id->data, body.data + 4, len);
	return 0;
}

bool ike_wire_id_equal(const struct ike_id *a, const struct ike_id *b)
{
	return a->type == b->type && a->len == b->len &&
	       a->len <= sizeof(a->data) &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static const char *key_id_text(const struct ike_id *id, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "keyid:");
	unsigned int i;

	for (i = 0; i < id->len && n + 3 <= size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%02x", id->data[i]);
	return buf;
}

const char *ike_wire_id_text(const struct ike_id *id, char *buf, size_t size)
{
	size_t n = 0;
	unsigned int i;

	if (!size)
		return "";
	buf[0] = '\0';
	if (id->len > sizeof(id->data))
		return buf;
	if (id->type == IKE_ID_IPV4 || id->type == IKE_ID_IPV6) {
		if (!inet_ntop(id->type == IKE_ID_IPV4 ? AF_INET : AF_INET6,
			       id->data, buf, (socklen_t)size))
			buf[0] = '\0';
		return buf;
	}
	if (id->type == IKE_ID_KEY_ID)
		return key_id_text(id, buf, size);
	/* the peer chose these octets: nothing of them may reach a terminal */
	for (i = 0; i < id->len && n + 5 <= size; i++) {
		uint8_t c = id->data[i];

		if (c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '\'')
			n += (size_t)snprintf(buf + n, size - n, "%c", c);
		else
			n += (size_t)snprintf(buf + n, size - n, "\\x%02x", c);
	}
	return buf;
}

size_t ike_build_id_body(const struct ike_id *id, uint8_t *out, size_t size)
{
	if (!id->len || id->len > sizeof(id->data) || size < 4U + id->len)
		return 0;
	memset(out, 0, 4);
	out[0] = id->type;
	memcpy(out + 4, id->data, id->len);
	return 4U + id->len;
}
