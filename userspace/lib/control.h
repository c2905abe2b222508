/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control protocol between vtunctl (or any other program) and vtkeyd.
 *
 * A UNIX stream socket, mode 0600. Both sides send JSON objects in UTF-8, one
 * per line ('\n'), no line longer than the limits below; a line that is longer
 * or is no JSON object ends the connection after one error reply. A client may
 * send any number of requests on a connection; replies come in their order.
 *
 * Request	{"cmd":"up", "conn":"paris", "child":"lan"}
 * Done		{"ok":true, "schema":1, …}
 * Refused	{"ok":false, "schema":1, "error":"no connection \"rom\""}
 *
 * cmd		members			further members of the reply
 * version	-			"version": "…"
 * up		conn, [child]		- (accepted; follow it with monitor)
 * down		conn, [child]		- without child: the IKE SA as well
 * rekey	conn, [child]		- without child: the IKE SA
 * show		[conn]			"ike": [IKE…], "children": [CHILD…]
 * reload	-			"changed": number
 * monitor	-			then EVENTs, one per line, until either
 *					side closes; no more requests are read
 *
 * IKE (an IKE SA)
 *	"conn": string
 *	"spi_i", "spi_r": string, 16 hexadecimal digits
 *	"initiator": bool
 *	"state": string, ike_sa_state_name()
 *	"suite": string, "chacha20poly1305-prfsha256-x25519"
 *	"local", "remote": string, "192.0.2.1:500" or "[2001:db8::1]:500"
 *	"local_id", "remote_id": string, printable
 *	"local_auth", "remote_auth": "psk" or "ed25519"
 *	"nat_local", "nat_remote": bool
 *	"age_ms": number
 *	"rekey_in_ms": number, absent = none planned
 *	"send_mid", "recv_mid": number
 * CHILD (one configured child)
 *	"conn", "child": string
 *	"state": string, ike_child_state_name()
 *	"reason": string, absent while up
 *	"kernel_id": number, absent while the kernel has none
 *	"door": "device" or "policy", configured
 *	"policy_priority": number, with policies only
 *	"spi_in", "spi_out": string "0xc0ffee01", absent = none
 *	"pairs": number; 2 while old and new SAs coexist
 *	"rekeys": number
 *	"suite": string, names.h, absent until negotiated
 *	"esn": bool, absent until negotiated
 *	"ts_local", "ts_remote": array of selectors as strings; negotiated, or
 *		configured while down
 *	"on_demand", "auto_negotiate", "keepalive", "pfs": bool, configured
 *	"life_ms", "life_bytes", "life_packets": number, configured, 0 = none
 * EVENT
 *	"event": string, ike_notify_name()
 *	"seq": number, grows by one per event since the daemon started; a reader
 *		that sees a gap asks show
 *	"time_ms": number, CLOCK_BOOTTIME
 *	"conn", "child": string, absent where they do not apply
 *	"spi_i", "spi_r": as in IKE, absent = none
 *	"spi_in", "spi_out", "old_spi_in", "old_spi_out": as in CHILD
 *	"duration_ms": number, where it applies
 *	"text": string, absent = none
 *
 * Members a reader does not know are ignored; a request with an unknown member
 * is refused. "schema" grows when a member changes its meaning.
 */
#ifndef VTUN_CONTROL_H
#define VTUN_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#define VTUN_CTL_SOCKET		"/run/vtun/vtkeyd.sock"
#define VTUN_CTL_SCHEMA		1
#define VTUN_CTL_REQUEST_MAX	4096	/* octets of a line, without \n */
#define VTUN_CTL_REPLY_MAX	(16 * 1024 * 1024)

/* Collects what a socket gives and cuts it into lines. */
struct vtun_ctl_rx {
	char *buf;
	size_t len, size;
	size_t max;			/* VTUN_CTL_REQUEST_MAX or _REPLY_MAX */
	size_t scanned;			/* octets known to hold no '\n' */
};

void vtun_ctl_rx_init(struct vtun_ctl_rx *rx, size_t max);
void vtun_ctl_rx_free(struct vtun_ctl_rx *rx);

/*
 * Reads once from @fd. 1: something came, 0: end of file, -EAGAIN: nothing
 * there, -EMSGSIZE: the line under way is longer than the limit, -errno.
 */
int vtun_ctl_rx_read(struct vtun_ctl_rx *rx, int fd);
/* The same for octets somebody else has read: 0, -EMSGSIZE or -ENOMEM. */
int vtun_ctl_rx_feed(struct vtun_ctl_rx *rx, const void *data, size_t len);
/*
 * Takes the next object: 1: *@obj is the caller's to json_decref(), 0: no
 * complete line yet, -EMSGSIZE, -EBADMSG: no JSON object; @err says what and
 * where. After an error only vtun_ctl_rx_free() makes sense.
 */
int vtun_ctl_rx_next(struct vtun_ctl_rx *rx, json_t **obj, char *err,
		     size_t err_size);

/* One line, '\n' included, to be free()d; NULL = out of memory. */
char *vtun_ctl_encode(const json_t *obj, size_t *len);

/* {"ok":true,"schema":1}, to which members can be added */
json_t *vtun_ctl_ok(void);
/* {"ok":false,"schema":1,"error":…} */
json_t *vtun_ctl_refuse(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
/*
 * Checks a request: "cmd" is a string and every other member is one of
 * @allowed (NULL-terminated) and a string. NULL: fine; otherwise the refusal.
 */
json_t *vtun_ctl_check(const json_t *req, const char *const *allowed);

/*
 * Listening socket at @path: non-blocking, close-on-exec, mode 0600. A socket
 * nobody answers on is replaced; -EADDRINUSE if somebody does. fd or -errno.
 */
int vtun_ctl_listen(const char *path);
/* Blocking client side: fd or -errno. */
int vtun_ctl_connect(const char *path);
int vtun_ctl_send(int fd, const json_t *obj, int timeout_ms);
/* Waits for one object: 0, -ETIMEDOUT, -ECONNRESET at end of file, … */
int vtun_ctl_recv(int fd, struct vtun_ctl_rx *rx, json_t **obj, int timeout_ms,
		  char *err, size_t err_size);

#endif /* VTUN_CONTROL_H */
