# SPDX-License-Identifier: GPL-2.0-or-later
# "make help" lists the targets.

export VTUN_VERSION := 0.1.0

# running | 6.1 | 6.12 | 7.3 | a full release
KVER ?= running
BUILD ?= build
JOBS ?= $(shell nproc)
DEBUG ?=
# flags for kbuild: W=1 and C=1 or C=2
KFLAGS := $(if $(W),W=$(W)) $(if $(C),C=$(C)) $(if $(V),V=$(V))

# checks run on the kernel of Debian 12 unless told otherwise
TESTKVER := $(if $(filter running,$(KVER)),6.1,$(KVER))

all: module userspace

module:
	@selftests/vm/module $(if $(DEBUG),-d) -o $(BUILD) $(KVER) $(KFLAGS)

# several makes at once must not write the same object
userspace: | $(BUILD)
	@flock $(BUILD)/.lock-userspace $(MAKE) -j$(JOBS) --no-print-directory \
		-C userspace BUILD=$(abspath $(BUILD))
	@flock $(BUILD)/.lock-userspace $(MAKE) -s --no-print-directory \
		-C selftests/net OUT=$(abspath $(BUILD))/selftests

programs: | $(BUILD)
	@flock $(BUILD)/.lock-userspace $(MAKE) -j$(JOBS) --no-print-directory \
		-C userspace BUILD=$(abspath $(BUILD)) programs

$(BUILD):
	@mkdir -p $@

deps:
	@selftests/deps/deps $(TESTKVER)

lint:
	@selftests/check/lint $(STEPS)

check:
	@KVER=$(TESTKVER) TESTS='$(TESTS)' FULL='$(FULL)' selftests/check/run

# 20,000 SAs, 100,000 policies
SCALE := ^net/(netlink-scale|policy-scale|multipoint|edges)$$
check-scale:
	@ONLY=guest KVER=$(TESTKVER) FULL=1 TESTS='$(or $(TESTS),$(SCALE))' \
		selftests/check/run

# TIME=SECONDS for each target
fuzz:
	@$(MAKE) --no-print-directory -C userspace/ike/fuzz \
		BUILD=$(abspath $(BUILD))

check-matrix:
	@TESTS='$(TESTS)' FULL='$(FULL)' selftests/check/matrix 6.1 6.12 7.3

# KASAN, lockdep, kmemleak, fault injection: two hours on two CPUs
check-debug:
	@ONLY=guest KVER=6.1-debug TESTS='$(TESTS)' FULL='$(FULL)' \
		selftests/check/run

demo: deps
	@KVER=$(TESTKVER) selftests/demo/run

bench: deps
	@KVER=$(TESTKVER) selftests/bench/run

# --- installation: DESTDIR for packagers

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
INCLUDEDIR ?= $(PREFIX)/include
UNITDIR ?= /etc/systemd/system
# where ip(8) looks for its plugins
IPLIBDIR ?= $(or $(shell grep -aoE -m1 '/usr/lib[[:alnum:]_/.-]*/ip\b' \
	"$$(command -v ip)" 2>/dev/null | head -1),/usr/lib/$(shell gcc -print-multiarch)/ip)
man_pages = $(wildcard Documentation/man/*.[1-8] userspace/*/*.[1-8])
units = $(wildcard userspace/vtkeyd/*.service)

install: all
	@selftests/vm/module -i '$(DESTDIR)' -o $(BUILD) $(KVER)
	install -d -m 755 $(DESTDIR)$(SBINDIR) $(DESTDIR)$(INCLUDEDIR)/linux
	install -m 755 $(BUILD)/bin/vtkeyd $(BUILD)/bin/vtunctl \
		$(DESTDIR)$(SBINDIR)
	install -m 644 uapi/linux/vtun.h $(DESTDIR)$(INCLUDEDIR)/linux
	install -D -m 644 -t $(DESTDIR)$(IPLIBDIR) $(BUILD)/lib/link_vtun.so
	install -d -m 700 $(DESTDIR)/etc/vtun/vtkeyd.conf.d
	@for p in $(man_pages); do \
		install -D -m 644 $$p \
			$(DESTDIR)$(MANDIR)/man$${p##*.}/$${p##*/}; \
	done
	@for u in $(units); do \
		install -d $(DESTDIR)$(UNITDIR) && \
		sed 's|/usr/local/sbin|$(SBINDIR)|; s|/usr/sbin|$(SBINDIR)|' \
			$$u > $(DESTDIR)$(UNITDIR)/$${u##*/}; \
	done
	@echo "  INSTALLED under $(DESTDIR)$(PREFIX)"

clean:
	rm -rf $(BUILD)

help:
	@echo 'make               module and programs, into $(BUILD)/'
	@echo 'make install       both, manual pages, unit (PREFIX=$(PREFIX))'
	@echo 'make demo          two gateways, real traffic, in a guest'
	@echo 'make check         every test; TESTS=REGEX: only those; FULL=1: their'
	@echo '                   long variants'
	@echo 'make check-scale   with 20,000 SAs and 100,000 policies'
	@echo 'make check-matrix  guest tests on 6.1, 6.12 and 7.3'
	@echo 'make check-debug   guest tests on a kernel with KASAN and lockdep'
	@echo 'make bench         instructions per packet against XFRM and WireGuard;'
	@echo '                   FULL=1: half an hour of it, with scale and rekeys'
	@echo 'make lint          static checks; STEPS="shellcheck module": only'
	@echo 'make fuzz          a short run of each fuzz target; TIME=SECONDS'
	@echo 'make deps          Debian packages of all of these'
	@echo 'make module | userspace | programs | clean'
	@echo
	@echo 'KVER=running|6.1|6.12|7.3|RELEASE  kernel to build for and test'
	@echo 'DEBUG=1  module with load-time self-tests   W=1 C=2  kbuild checks'
	@echo 'BUILD=DIR  output folder (build)'

.PHONY: all module userspace programs deps lint check check-scale check-matrix \
	check-debug demo \
	bench fuzz install clean help
