/* A point-to-point link between two network namespaces that is slow, loses packets, or drops what goes to some ports.
 * link NAMESPACE NEAR FAR: makes the TUN devices NEAR (here) and FAR (there); settings come as lines on standard input:
 * "MICROSECONDS PERMILLE VALUE MASK": one-way delay, loss each way, and TCP ports (port & MASK == VALUE) whose packets
 * towards FAR are dropped; MASK -1: none. Each line is answered with "ok". Ends with its input. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS (1 << 17)
#define SIZE 2048
struct slot { uint64_t due; int length; unsigned char bytes[SIZE]; };
struct queue { struct slot *slots; unsigned head, tail; };

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int tun(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) { perror(name); exit(1); }
  return fd;
}

static long delay, loss, value, mask = -1;

static int dropped(const unsigned char *p, int n, int outward) {
  if (loss > 0 && random() % 1000 < loss) return 1;
  if (!outward || mask < 0 || n < 24 || p[0] >> 4 != 4 || p[9] != 6) return 0;
  const unsigned char *tcp = p + (p[0] & 15) * 4;
  return ((tcp[2] << 8 | tcp[3]) & mask) == value;
}

static void take(int from, int to, struct queue *q, int outward) {
  unsigned char bytes[SIZE];
  for (int count = 0; count < 256; count++) {
    int n = read(from, bytes, SIZE);
    if (n <= 0) return;
    if (dropped(bytes, n, outward)) continue;
    if (delay == 0 && q->head == q->tail) { if (write(to, bytes, n) < 0) continue; else continue; }
    if (q->tail - q->head >= SLOTS) continue;
    struct slot *s = &q->slots[q->tail++ % SLOTS];
    s->due = now_us() + delay;
    s->length = n;
    memcpy(s->bytes, bytes, n);
  }
}

static uint64_t flush(int to, struct queue *q) {
  uint64_t now = now_us();
  while (q->head != q->tail) {
    struct slot *s = &q->slots[q->head % SLOTS];
    if (s->due > now) return s->due - now;
    if (write(to, s->bytes, s->length) < 0) { /* a full device drops, as a real one does */ }
    q->head++;
  }
  return UINT64_MAX;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", argv[1]);
  int near = tun(argv[2]);
  int space = open(path, O_RDONLY);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) { perror(path); return 1; }
  int far = tun(argv[3]);
  struct queue out = {calloc(SLOTS, sizeof(struct slot)), 0, 0}, back = {calloc(SLOTS, sizeof(struct slot)), 0, 0};
  puts("ok");
  fflush(stdout);
  for (;;) {
    uint64_t a = flush(far, &out), b = flush(near, &back), wait = a < b ? a : b;
    struct pollfd fds[3] = {{near, POLLIN, 0}, {far, POLLIN, 0}, {0, POLLIN, 0}};
    struct timespec t = {wait / 1000000, wait % 1000000 * 1000};
    if (ppoll(fds, 3, wait == UINT64_MAX ? NULL : &t, NULL) < 0) return 1;
    if (fds[0].revents & POLLIN) take(near, far, &out, 1);
    if (fds[1].revents & POLLIN) take(far, near, &back, 0);
    if (fds[2].revents) {
      char line[128];
      int n = read(0, line, sizeof line - 1);
      if (n <= 0) return 0;
      line[n] = 0;
      if (sscanf(line, "%ld %ld %ld %ld", &delay, &loss, &value, &mask) == 4) { puts("ok"); fflush(stdout); }
    }
  }
}
