/* The limit: what a program that knows this form of line, and no other, needs on two threads.

       cc -O3 -pthread -o limit limit.c && ./limit FILE OUT.csv

   Lines come from make_input: no blanks between tokens, no escapes in keys that matter to cutting but \" and \\ . A repeated
   entry is told by a hash of its time and insertId. Nothing is checked, nothing else is counted, and any other input is wrong. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MARK[] = "[OpsMetrics] 60s summary\"";

typedef struct { const char *minute, *key; uint32_t length; uint64_t hash; double value; } Cell;
typedef struct { Cell *cells; size_t room, used; } Table;
typedef struct { const char *start, *end, *last; Table table; } Share;

static uint64_t *seen;
static const size_t SEEN = 1 << 21;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t hash(const char *at, size_t length, uint64_t state) {
    for (size_t i = 0; i < length; i++) state = (state ^ (unsigned char)at[i]) * 0x100000001b3ull;
    return state;
}

static int is_new(uint64_t id) {
    int found = 0;
    pthread_mutex_lock(&lock);
    size_t at = id & (SEEN - 1);
    while (seen[at] && seen[at] != id) at = (at + 1) & (SEEN - 1);
    found = !seen[at];
    seen[at] = id;
    pthread_mutex_unlock(&lock);
    return found;
}

static void add(Table *table, const char *minute, const char *key, size_t length, double value) {
    if (table->used * 2 >= table->room) {
        Table larger = {calloc(table->room ? table->room * 2 : 4096, sizeof(Cell)), table->room ? table->room * 2 : 4096, table->used};
        for (size_t i = 0; i < table->room; i++)
            if (table->cells[i].key) {
                size_t at = table->cells[i].hash & (larger.room - 1);
                while (larger.cells[at].key) at = (at + 1) & (larger.room - 1);
                larger.cells[at] = table->cells[i];
            }
        free(table->cells);
        *table = larger;
    }
    uint64_t code = hash(key, length, hash(minute, 16, 0xcbf29ce484222325ull));
    code ^= code >> 29;
    size_t at = code & (table->room - 1);
    for (Cell *cell; (cell = &table->cells[at])->key; at = (at + 1) & (table->room - 1))
        if (cell->hash == code && cell->length == length && !memcmp(cell->key, key, length) && !memcmp(cell->minute, minute, 16)) {
            cell->value += value;
            return;
        }
    table->cells[at] = (Cell){minute, key, length, code, value};
    table->used++;
}

static const char *text(const char *at, const char *end, const char *name) {
    const char *found = memmem(at, end - at, name, strlen(name));
    return found ? found + strlen(name) : NULL;
}

static void take(Share *share, const char *line, const char *end) {
    const char *payload = text(line, end, "\"jsonPayload\":{"), *time = text(line, end, "\"timestamp\":\""), *id = text(line, end, "\"insertId\":\"");
    if (!payload || !time || !id) return;
    if (!is_new(hash(id, 24, hash(time, 30, 0xcbf29ce484222325ull)))) return;
    const char *said = text(payload, end, "\"message\":\"");
    if (!said || strncmp(said, MARK, sizeof MARK - 1)) return;
    while (*payload == '"') {
        const char *key = ++payload;
        while (*payload != '"') payload += 1 + (*payload == '\\');
        size_t length = payload - key;
        payload += 2;
        if (*payload == '"') {
            for (payload++; *payload != '"'; payload++) payload += *payload == '\\';
            payload++;
        } else {
            double value = 0;
            while (*payload >= '0' && *payload <= '9') value = value * 10 + (*payload++ - '0');
            add(&share->table, time, key, length, value);
        }
        payload += *payload == ',';
    }
}

static void *read_share(void *given) {
    Share *share = given;
    const char *at = share->start;
    while ((at = memmem(at, share->last - at, MARK, sizeof MARK - 1))) {
        const char *line = memrchr(share->start, '\n', at - share->start), *end = memchr(at, '\n', share->last - at);
        line = line ? line + 1 : share->start;
        end = end ? end : share->last;
        if (line >= share->end) break;
        take(share, line, end);
        at = end;
    }
    return NULL;
}

static size_t plain(const Cell *cell, char *into) { /* the key without escapes, as it sorts */
    size_t length = 0;
    for (uint32_t i = 0; i < cell->length; i++) {
        i += cell->key[i] == '\\';
        into[length++] = cell->key[i];
    }
    return length;
}

static int compare(const void *one, const void *other) {
    const Cell *left = one, *right = other;
    int order = memcmp(left->minute, right->minute, 16);
    if (order) return order;
    char keys[2][1024];
    size_t a = plain(left, keys[0]), b = plain(right, keys[1]);
    order = memcmp(keys[0], keys[1], a < b ? a : b);
    return order ? order : (a > b) - (a < b);
}

int main(int count, char **names) {
    struct stat facts;
    int file = count == 3 ? open(names[1], O_RDONLY) : -1;
    if (file < 0 || fstat(file, &facts)) return 2;
    const char *data = mmap(NULL, facts.st_size + 1, PROT_READ, MAP_PRIVATE, file, 0);
    seen = calloc(SEEN, sizeof *seen);
    const char *middle = memchr(data + facts.st_size / 2, '\n', facts.st_size / 2), *last = data + facts.st_size;
    Share shares[2] = {{data, middle + 1, middle + 1, {0}}, {middle + 1, last, last, {0}}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, read_share, &shares[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    Table all = shares[0].table;
    for (size_t i = 0; i < shares[1].table.room; i++) {
        Cell cell = shares[1].table.cells[i];
        if (cell.key) add(&all, cell.minute, cell.key, cell.length, cell.value);
    }
    size_t rows = 0;
    for (size_t i = 0; i < all.room; i++)
        if (all.cells[i].key) all.cells[rows++] = all.cells[i];
    qsort(all.cells, rows, sizeof(Cell), compare);
    FILE *out = fopen(names[2], "w");
    fputs("minute,series,value\n", out);
    for (size_t i = 0; i < rows; i++) {
        char key[1024];
        size_t length = plain(&all.cells[i], key);
        int quoted = memchr(key, ',', length) || memchr(key, '"', length);
        fprintf(out, "%.16s:00Z,%s", all.cells[i].minute, quoted ? "\"" : "");
        for (size_t at = 0; at < length; at++) {
            if (key[at] == '"') fputc('"', out);
            fputc(key[at], out);
        }
        fprintf(out, "%s,%.17g\n", quoted ? "\"" : "", all.cells[i].value);
    }
    return fclose(out) ? 1 : 0;
}
