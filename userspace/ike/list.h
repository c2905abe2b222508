/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked lists with the links inside the elements. */
#ifndef VTUN_IKE_LIST_H
#define VTUN_IKE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct ike_list {
	struct ike_list *next, *prev;
};

static inline void ike_list_init(struct ike_list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool ike_list_empty(const struct ike_list *l)
{
	return l->next == l;
}

static inline void ike_list_add_tail(struct ike_list *l, struct ike_list *head)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* leaves @l empty, so that a second removal does no harm */
static inline void ike_list_del(struct ike_list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	ike_list_init(l);
}

#define ike_list_entry(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define ike_list_for_each(pos, head, member)				\
	for (pos = ike_list_entry((head)->next, typeof(*pos), member);	\
	     &pos->member != (head);					\
	     pos = ike_list_entry(pos->member.next, typeof(*pos), member))

/* @tmp survives the removal of @pos */
#define ike_list_for_each_safe(pos, tmp, head, member)			\
	for (pos = ike_list_entry((head)->next, typeof(*pos), member),	\
	     tmp = ike_list_entry(pos->member.next, typeof(*pos), member); \
	     &pos->member != (head);					\
	     pos = tmp,							\
	     tmp = ike_list_entry(pos->member.next, typeof(*pos), member))

#endif /* VTUN_IKE_LIST_H */
