# duider: build, test, install.  `make help` prints the targets.
VERSION := $(shell sed -n 's/^\#define DUIDER_VERSION "\(.*\)"/\1/p' include/duider.h)
SOVERSION := $(word 1,$(subst ., ,$(VERSION)))

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
unitdir ?= $(prefix)/lib/systemd/system
modeldir := $(datadir)/duider

BUILD ?= build
# Of `make bench`: a Python that has the peers (bench/peers/requirements.txt) compares with them.
PYTHON ?= python3
BENCH_OPTIONS ?=
PACKAGES := jansson libutf8proc libxxhash
DETECT_PACKAGES := libexttextcat
SERVER_PACKAGES := libmicrohttpd gnutls libsystemd libxml-2.0 libcurl zlib libbrotlidec libbrotlienc libzstd

CFLAGS ?= -O3 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDHARDENING := -Wl,-z,relro,-z,now
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(WARNINGS) -fPIC -fvisibility=hidden -fno-math-errno -fno-trapping-math -ffp-contract=fast -pthread \
  -fopenmp-simd $(HARDENING) -I. -Iinclude $(shell pkg-config --cflags $(PACKAGES) $(SERVER_PACKAGES)) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = $(LDHARDENING) -pthread $(LDFLAGS) $(SANITIZE)
LIBS = $(shell pkg-config --libs $(PACKAGES)) -ldnnl -lgomp -lm

LIB_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*.c))
DETECT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard detect/*.c))
CLI_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard cli/*.c)) $(DETECT_OBJECTS)
SERVER_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard server/*.c)) $(DETECT_OBJECTS)
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
BENCHES := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
SERVER_TESTED := $(filter-out $(BUILD)/server/main.o,$(SERVER_OBJECTS))

# `make V=1` shows the commands.
Q = $(if $(V),,@)

.PHONY: all lib cli server test check asan tsan valgrind bench load soak hostile contract dev-scores peer-scores lint install uninstall clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: lib cli server ## build the library, the command line and the server

lib: $(BUILD)/libduider.a $(BUILD)/libduider.so $(BUILD)/duider.pc ## the library, static and shared
cli: $(BUILD)/duider ## the command line
server: $(BUILD)/duider-server ## the HTTP server

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -DDUIDER_INSTALLED_MODEL='"$(modeldir)/duider.model"' -MMD -MP -c $< -o $@

KNOWN_NAMES := $(foreach l,nl en de,$(BUILD)/lib/known_names.$l.inc)
$(BUILD)/lib/known_names.%.inc: lib/known_names.sh $(wildcard lib/known_names/*.txt)
	@mkdir -p $(@D)
	$(Q)lib/known_names.sh $* lib/known_names > $@
$(BUILD)/lib/known_names.o: $(KNOWN_NAMES)
$(BUILD)/lib/known_names.o: ALL_CFLAGS += -I$(BUILD)

$(BUILD)/libduider.a: $(LIB_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libduider.so: $(LIB_OBJECTS) lib/duider.map
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,libduider.so.$(SOVERSION) -Wl,--version-script=lib/duider.map -o $@ $(LIB_OBJECTS) $(LIBS)
	$(Q)ln -sf libduider.so $(BUILD)/libduider.so.$(SOVERSION)

$(BUILD)/duider.pc: lib/duider.pc.in include/duider.h
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|; s|@includedir@|$(includedir)|; s|@version@|$(VERSION)|' $< > $@

$(BUILD)/duider: $(CLI_OBJECTS) $(BUILD)/libduider.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(DETECT_PACKAGES)) $(LIBS)

$(BUILD)/duider-server: $(SERVER_OBJECTS) $(BUILD)/libduider.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(DETECT_PACKAGES) $(SERVER_PACKAGES)) $(LIBS)

$(BUILD)/detect/%.o: ALL_CFLAGS += -DFINGERPRINTS='"$(shell pkg-config --variable=pkgdatadir $(DETECT_PACKAGES))"'

# Tests see the private headers of lib/ and server/.
$(BUILD)/tests/%: tests/%.c $(SERVER_TESTED) $(BUILD)/libduider.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) -Ilib -Iserver -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(SERVER_TESTED) $(BUILD)/libduider.a \
	  $(shell pkg-config --libs $(DETECT_PACKAGES) $(SERVER_PACKAGES) cmocka) $(LIBS)

$(BUILD)/bench/%: bench/%.c $(BUILD)/libduider.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) -Ilib -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libduider.a $(LIBS)

$(BUILD)/openapi.json: openapi.yaml
	@mkdir -p $(@D)
	$(Q)python3 -X utf8 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout, ensure_ascii=False)' < $< > $@

$(BUILD)/server/embedded.o: openapi.yaml $(BUILD)/openapi.json $(wildcard web/*)
$(BUILD)/server/embedded.o: ALL_CFLAGS += -DDUIDER_OPENAPI_JSON='"$(BUILD)/openapi.json"'

test: all $(TESTS) ## all tests; the last line counts them
	@tests/run $(BUILD)

check: test lint ## tests and linters

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) test BUILD=build/asan CFLAGS="-O1 -g" HARDENING= SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"

tsan: ## the tests under ThreadSanitizer
	$(MAKE) test BUILD=build/tsan CFLAGS="-O1 -g" HARDENING= SANITIZE="-fsanitize=thread"

valgrind: all $(TESTS) ## the C tests under valgrind (slow: processors without AVX-512 are imitated)
	@tests/valgrind $(BUILD)

bench: all $(BENCHES) ## speed, stages, memory, the server, and peers that are there: one table, build/bench.json, plots in docs/ (about six minutes)
	@$(PYTHON) bench/run.py --build $(BUILD) $(BENCH_OPTIONS)

load: all ## the server under load: throughput, overload, slow clients, SIGTERM and SIGHUP (some minutes)
	@bench/load.py --build $(BUILD)

soak: all ## the server at 80 % load for half an hour (MINUTES=30)
	@bench/soak.py --build $(BUILD) --minutes $(or $(MINUTES),30)

hostile: all ## 100,000 hostile requests (COUNT=100000)
	@bench/hostile.py --build $(BUILD) --count $(or $(COUNT),100000)

contract: all ## openapi.yaml against the server, by schemathesis (EXAMPLES=1000 an operation)
	@bench/contract.sh $(BUILD) $(or $(EXAMPLES),1000)

dev-scores: all ## figures on dev; SHARED=folder with data/ and tools/score.py (not part of the project)
	@bench/dev_scores.sh $(BUILD) $(SHARED)

peer-scores: all ## names of Frog and spaCy beside ours; SHARED as for dev-scores, PYTHON with spaCy
	@bench/peer_scores.sh $(BUILD) $(SHARED) $(PYTHON)

lint: ## exported symbols, banned functions, cppcheck
	@tests/lint $(BUILD)

install: all ## install below $(prefix), honouring DESTDIR
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir) $(DESTDIR)$(modeldir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man3 $(DESTDIR)$(mandir)/man8
	install $(BUILD)/duider $(BUILD)/duider-server $(DESTDIR)$(bindir)
	install -m 644 $(BUILD)/libduider.a $(DESTDIR)$(libdir)
	install $(BUILD)/libduider.so $(DESTDIR)$(libdir)/libduider.so.$(VERSION)
	ln -sf libduider.so.$(VERSION) $(DESTDIR)$(libdir)/libduider.so.$(SOVERSION)
	ln -sf libduider.so.$(SOVERSION) $(DESTDIR)$(libdir)/libduider.so
	install -m 644 $(BUILD)/duider.pc $(DESTDIR)$(libdir)/pkgconfig
	install -m 644 include/duider.h $(DESTDIR)$(includedir)
	install -m 644 models/duider.model $(DESTDIR)$(modeldir)
	install -m 644 docs/man/duider.1 $(DESTDIR)$(mandir)/man1
	install -m 644 docs/man/duider.3 $(DESTDIR)$(mandir)/man3
	install -m 644 docs/man/duider-server.8 $(DESTDIR)$(mandir)/man8
	install -d $(DESTDIR)$(unitdir)
	sed 's|/usr/local/bin|$(bindir)|' deploy/systemd/duider.service > $(DESTDIR)$(unitdir)/duider.service
	install -m 644 deploy/systemd/duider.socket $(DESTDIR)$(unitdir)

uninstall: ## take away what install put there
	rm -f $(DESTDIR)$(bindir)/duider $(DESTDIR)$(bindir)/duider-server $(DESTDIR)$(libdir)/libduider.a $(DESTDIR)$(libdir)/libduider.so*
	rm -f $(DESTDIR)$(libdir)/pkgconfig/duider.pc $(DESTDIR)$(includedir)/duider.h $(DESTDIR)$(mandir)/man1/duider.1
	rm -f $(DESTDIR)$(mandir)/man3/duider.3 $(DESTDIR)$(mandir)/man8/duider-server.8
	rm -f $(DESTDIR)$(unitdir)/duider.service $(DESTDIR)$(unitdir)/duider.socket
	rm -rf $(DESTDIR)$(modeldir)

clean: ## remove what was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(CLI_OBJECTS) $(SERVER_OBJECTS)) $(TESTS:%=%.d) $(BENCHES:%=%.d)
