// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of the numbers in wire_num.h, for logs. */
#include "wire.h"

const char *ike_wire_exchange_name(uint8_t exchange)
{
	switch (exchange) {
	case IKE_WIRE_X_IKE_SA_INIT:
		return "IKE_SA_INIT";
	case IKE_WIRE_X_IKE_AUTH:
		return "IKE_AUTH";
	case IKE_WIRE_X_CREATE_CHILD_SA:
		return "CREATE_CHILD_SA";
	case IKE_WIRE_X_INFORMATIONAL:
		return "INFORMATIONAL";
	default:
		return "unknown exchange";
	}
}

const char *ike_wire_payload_name(uint8_t type)
{
	static const char *const names[] = {
		"SA", "KE", "IDi", "IDr", "CERT", "CERTREQ", "AUTH", "Nonce",
		"Notify", "Delete", "Vendor ID", "TSi", "TSr", "SK", "CP",
		"EAP",
	};

	if (type >= IKE_WIRE_P_SA && type <= IKE_WIRE_P_EAP)
		return names[type - IKE_WIRE_P_SA];
	return type ? "unknown" : "no";
}

static const struct {
	uint16_t type;
	const char *name;
} notify_names[] = {
#define NOTIFY(n) { IKE_WIRE_N_ ## n, #n }
	NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD),
	NOTIFY(INVALID_IKE_SPI),
	NOTIFY(INVALID_MAJOR_VERSION),
	NOTIFY(INVALID_SYNTAX),
	NOTIFY(INVALID_MESSAGE_ID),
	NOTIFY(INVALID_SPI),
	NOTIFY(NO_PROPOSAL_CHOSEN),
	NOTIFY(INVALID_KE_PAYLOAD),
	NOTIFY(AUTHENTICATION_FAILED),
	NOTIFY(SINGLE_PAIR_REQUIRED),
	NOTIFY(NO_ADDITIONAL_SAS),
	NOTIFY(INTERNAL_ADDRESS_FAILURE),
	NOTIFY(FAILED_CP_REQUIRED),
	NOTIFY(TS_UNACCEPTABLE),
	NOTIFY(INVALID_SELECTORS),
	NOTIFY(TEMPORARY_FAILURE),
	NOTIFY(CHILD_SA_NOT_FOUND),
	NOTIFY(INITIAL_CONTACT),
	NOTIFY(SET_WINDOW_SIZE),
	NOTIFY(ADDITIONAL_TS_POSSIBLE),
	NOTIFY(IPCOMP_SUPPORTED),
	NOTIFY(NAT_DETECTION_SOURCE_IP),
	NOTIFY(NAT_DETECTION_DESTINATION_IP),
	NOTIFY(COOKIE),
	NOTIFY(USE_TRANSPORT_MODE),
	NOTIFY(HTTP_CERT_LOOKUP_SUPPORTED),
	NOTIFY(REKEY_SA),
	NOTIFY(ESP_TFC_PADDING_NOT_SUPPORTED),
	NOTIFY(NON_FIRST_FRAGMENTS_ALSO),
	NOTIFY(MOBIKE_SUPPORTED),
	NOTIFY(MULTIPLE_AUTH_SUPPORTED),
	NOTIFY(EAP_ONLY_AUTHENTICATION),
	NOTIFY(CHILDLESS_IKEV2_SUPPORTED),
	NOTIFY(IKEV2_FRAGMENTATION_SUPPORTED),
	NOTIFY(SIGNATURE_HASH_ALGORITHMS),
#undef NOTIFY
};

const char *ike_wire_notify_name(uint16_t type)
{
	size_t i;

	for (i = 0; i < sizeof(notify_names) / sizeof(notify_names[0]); i++)
		if (notify_names[i].type == type)
			return notify_names[i].name;
	return type <= IKE_WIRE_N_LAST_ERROR ? "unknown error" :
					       "unknown status";
}
