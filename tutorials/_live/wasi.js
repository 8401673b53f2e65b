"use strict";
// WASI is what a program compiled to WebAssembly asks of its system. Here are the calls that CPython makes, over a file
// system in memory. Source: the interface wasi_snapshot_preview1, whose numbers and layouts these are.

const BADF = 8, EXIST = 20, INVAL = 28, ISDIR = 31, NOENT = 44, NOSYS = 52, NOTDIR = 54, NOTEMPTY = 55;
const NOTSUP = 58, SPIPE = 70;
const DEVICE = 2, FOLDER = 3, FILE = 4;
const ROOT = 3; // the descriptor of "/", behind stdin, stdout and stderr

let nodes = 0;

class Node {
  constructor() { this.number = BigInt(++nodes); this.touch(); }
  touch() { this.changed = BigInt(Date.now()) * 1000000n; }
  get size() { return 0; }
}

class Folder extends Node {
  kind = FOLDER;
  inside = new Map();
  put(name, node) { this.inside.set(name, node); this.touch(); }
}

class File extends Node {
  kind = FILE;
  constructor(bytes = new Uint8Array(0)) { super(); this.bytes = bytes; this.length = bytes.length; }
  get size() { return this.length; }
  read(at, count) { return this.bytes.subarray(at, Math.max(at, Math.min(at + count, this.length))); }
  resize(length) {
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    if (length < this.length) this.bytes.fill(0, length, this.length);
    this.length = length;
    this.touch();
  }
  write(at, bytes) {
    if (at + bytes.length > this.length) this.resize(at + bytes.length);
    this.bytes.set(bytes, at);
    this.touch();
  }
}

class Device extends Node { // what is written to it goes to a function; there is nothing to read
  kind = DEVICE;
  constructor(write) { super(); this.to = write; }
  read() { return new Uint8Array(0); }
  write(at, bytes) { this.to(bytes); }
}

class Failed extends Error { constructor(number) { super(`WASI error ${number}`); this.number = number; } }
class Exit extends Error {}

class System {
  constructor(root, {args = [], environ = {}, stdin, stdout, stderr}) {
    this.told = 0n; // the last reading of the clock: no two are the same
    this.args = args;
    this.environ = Object.entries(environ).map(([name, value]) => `${name}=${value}`);
    this.open = [stdin, stdout, stderr, root].map((node) => ({node, at: 0, flags: 0}));
    this.calls = Object.fromEntries(
      Object.getOwnPropertyNames(Calls.prototype).map((name) => [name, (...given) => this.answer(name, given)]));
  }

  answer(name, given) { // every call returns an error's number, 0 for none
    try {
      return Calls.prototype[name].apply(this, given) ?? 0;
    } catch (error) {
      if (error instanceof Failed) return error.number;
      throw error;
    }
  }

  get bytes() { return new Uint8Array(this.memory.buffer); }
  get view() { return new DataView(this.memory.buffer); }
  text(at, length) { return new TextDecoder().decode(this.bytes.slice(at, at + length)); }

  descriptor(fd, kind) {
    const one = this.open[fd];
    if (!one) throw new Failed(BADF);
    if (kind === FOLDER && one.node.kind !== FOLDER) throw new Failed(NOTDIR);
    if (kind === FILE && one.node.kind === FOLDER) throw new Failed(ISDIR);
    return one;
  }

  find(fd, at, length) { // the folder of a path, the last part of its name, and what is there, if anything is
    let parents = [this.descriptor(fd, FOLDER).node];
    const parts = this.text(at, length).split("/").filter((part) => part && part !== ".");
    const name = parts.pop();
    for (const part of parts) {
      const node = parents.at(-1);
      if (part === "..") { if (parents.length > 1) parents.pop(); continue; }
      const next = node.inside.get(part);
      if (!next) throw new Failed(NOENT);
      if (next.kind !== FOLDER) throw new Failed(NOTDIR);
      parents.push(next);
    }
    if (name === undefined) return {folder: null, name: "", node: parents.at(-1)};
    if (name === "..") return {folder: null, name: "", node: parents.at(-2) ?? parents[0]};
    return {folder: parents.at(-1), name, node: parents.at(-1).inside.get(name)};
  }

  existing(fd, at, length) {
    const found = this.find(fd, at, length);
    if (!found.node) throw new Failed(NOENT);
    return found;
  }

  strings(list, pointers, buffer) {
    for (const text of list) {
      const bytes = new TextEncoder().encode(text + "\0");
      this.view.setUint32(pointers, buffer, true);
      this.bytes.set(bytes, buffer);
      pointers += 4;
      buffer += bytes.length;
    }
  }

  sizes(list, count, length) {
    this.view.setUint32(count, list.length, true);
    this.view.setUint32(length, list.reduce((sum, text) => sum + new TextEncoder().encode(text).length + 1, 0), true);
  }

  stat(node, at) {
    this.bytes.fill(0, at, at + 64);
    const view = this.view;
    view.setBigUint64(at, 1n, true);
    view.setBigUint64(at + 8, node.number, true);
    view.setUint8(at + 16, node.kind);
    view.setBigUint64(at + 24, 1n, true);
    view.setBigUint64(at + 32, BigInt(node.size), true);
    for (const time of [40, 48, 56]) view.setBigUint64(at + time, node.changed, true);
  }

  each(vectors, count, use) { // over the parts of a scattered buffer, until one is not used up; returns the sum
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const start = this.view.getUint32(vectors + 8 * i, true), length = this.view.getUint32(vectors + 8 * i + 4, true);
      const used = use(this.bytes.subarray(start, start + length), sum);
      sum += used;
      if (used < length) break;
    }
    return sum;
  }

  read(node, at, vectors, count) {
    return this.each(vectors, count, (room, done) => {
      const bytes = node.read(at + done, room.length);
      room.set(bytes);
      return bytes.length;
    });
  }

  write(node, at, vectors, count) {
    return this.each(vectors, count, (bytes, done) => { node.write(at + done, bytes); return bytes.length; });
  }
}

class Calls { // each is called with a System as `this`
  args_get(pointers, buffer) { this.strings(this.args, pointers, buffer); }
  args_sizes_get(count, length) { this.sizes(this.args, count, length); }
  environ_get(pointers, buffer) { this.strings(this.environ, pointers, buffer); }
  environ_sizes_get(count, length) { this.sizes(this.environ, count, length); }

  clock_res_get(clock, at) { this.view.setBigUint64(at, 100000n, true); }
  clock_time_get(clock, precision, at) {
    let ns = BigInt(Math.round((clock === 0 ? Date.now() : performance.now()) * 1e6));
    if (clock !== 0) this.told = ns = ns > this.told ? ns : this.told + 1000n; // it ticks ten thousand times a second
    this.view.setBigUint64(at, ns, true);
  }
  random_get(at, length) {
    for (let i = 0; i < length; i += 65536) crypto.getRandomValues(this.bytes.subarray(at + i, at + Math.min(length, i + 65536)));
  }
  sched_yield() {}
  proc_exit(code) { throw new Exit(`Python has ended, with ${code}`); }
  poll_oneoff(asked, events, count, at) { // time.sleep: the first clock that rings
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      const one = asked + 48 * i, time = this.view.getBigUint64(one + 24, true);
      if (this.view.getUint8(one + 8) !== 0) throw new Failed(NOTSUP);
      const now = this.view.getUint32(one + 16, true) === 0 ? Date.now() : performance.now();
      const wait = Number(time) / 1e6 - (this.view.getUint16(one + 40, true) & 1 ? now : 0);
      if (wait < least) {
        least = wait;
        this.bytes.fill(0, events, events + 32);
        this.view.setBigUint64(events, this.view.getBigUint64(one, true), true);
      }
    }
    for (const end = performance.now() + least; performance.now() < end;);
    this.view.setUint32(at, 1, true);
  }

  fd_close(fd) { this.descriptor(fd); delete this.open[fd]; }
  fd_advise() {}
  fd_datasync() {}
  fd_sync() {}
  fd_fdstat_get(fd, at) {
    const {node, flags} = this.descriptor(fd);
    this.bytes.fill(0, at, at + 24);
    this.view.setUint8(at, node.kind);
    this.view.setUint16(at + 2, flags, true);
    const rights = node.kind === DEVICE ? ~(4n | 32n) : ~0n; // no seek and no tell: so isatty knows a terminal
    this.view.setBigUint64(at + 8, BigInt.asUintN(64, rights), true);
    this.view.setBigUint64(at + 16, BigInt.asUintN(64, ~0n), true);
  }
  fd_fdstat_set_flags(fd, flags) { this.descriptor(fd).flags = flags; }
  fd_filestat_get(fd, at) { this.stat(this.descriptor(fd).node, at); }
  fd_filestat_set_size(fd, size) { this.descriptor(fd, FILE).node.resize(Number(size)); }
  fd_filestat_set_times(fd) { this.descriptor(fd).node.touch(); }
  fd_prestat_get(fd, at) {
    if (fd !== ROOT) throw new Failed(BADF);
    this.view.setUint32(at, 0, true);
    this.view.setUint32(at + 4, 1, true);
  }
  fd_prestat_dir_name(fd, at, length) {
    if (fd !== ROOT || length < 1) throw new Failed(BADF);
    this.bytes[at] = 47;
  }
  fd_read(fd, vectors, count, at) {
    const one = this.descriptor(fd, FILE), sum = this.read(one.node, one.at, vectors, count);
    one.at += sum;
    this.view.setUint32(at, sum, true);
  }
  fd_pread(fd, vectors, count, offset, at) {
    this.view.setUint32(at, this.read(this.descriptor(fd, FILE).node, Number(offset), vectors, count), true);
  }
  fd_write(fd, vectors, count, at) {
    const one = this.descriptor(fd, FILE);
    if (one.flags & 1) one.at = one.node.size;
    const sum = this.write(one.node, one.at, vectors, count);
    one.at += sum;
    this.view.setUint32(at, sum, true);
  }
  fd_pwrite(fd, vectors, count, offset, at) {
    this.view.setUint32(at, this.write(this.descriptor(fd, FILE).node, Number(offset), vectors, count), true);
  }
  fd_seek(fd, offset, whence, at) {
    const one = this.descriptor(fd, FILE);
    if (one.node.kind === DEVICE) throw new Failed(SPIPE);
    const to = Number(offset) + [0, one.at, one.node.size][whence];
    if (!(to >= 0)) throw new Failed(INVAL);
    one.at = to;
    this.view.setBigUint64(at, BigInt(to), true);
  }
  fd_tell(fd, at) { this.view.setBigUint64(at, BigInt(this.descriptor(fd, FILE).at), true); }
  fd_readdir(fd, at, length, cookie, used) {
    const end = at + length, start = at, view = this.view;
    const entries = [...this.descriptor(fd, FOLDER).node.inside].slice(Number(cookie));
    for (const [name, node] of entries) {
      const head = new Uint8Array(24), fields = new DataView(head.buffer), bytes = new TextEncoder().encode(name);
      fields.setBigUint64(0, ++cookie, true);
      fields.setBigUint64(8, node.number, true);
      fields.setUint32(16, bytes.length, true);
      fields.setUint8(20, node.kind);
      for (const part of [head, bytes]) {
        const fits = part.subarray(0, end - at);
        this.bytes.set(fits, at);
        at += fits.length;
      }
      if (at === end) break;
    }
    view.setUint32(used, at - start, true);
  }

  path_open(fd, follow, path, length, how, rights, inherited, flags, at) {
    const [create, folder, exclusive, truncate] = [1, 2, 4, 8].map((bit) => (how & bit) !== 0);
    const found = this.find(fd, path, length);
    if (found.node && create && exclusive) throw new Failed(EXIST);
    if (!found.node) {
      if (!create || folder) throw new Failed(NOENT);
      found.folder.put(found.name, found.node = new File());
    }
    if (folder && found.node.kind !== FOLDER) throw new Failed(NOTDIR);
    if (truncate && found.node.kind === FOLDER) throw new Failed(ISDIR);
    if (truncate && found.node.kind === FILE) found.node.resize(0);
    let free = ROOT + 1;
    while (this.open[free]) free++;
    this.open[free] = {node: found.node, at: 0, flags};
    this.view.setUint32(at, free, true);
  }
  path_filestat_get(fd, follow, path, length, at) { this.stat(this.existing(fd, path, length).node, at); }
  path_filestat_set_times(fd, follow, path, length) { this.existing(fd, path, length).node.touch(); }
  path_create_directory(fd, path, length) {
    const {folder, name, node} = this.find(fd, path, length);
    if (node) throw new Failed(EXIST);
    folder.put(name, new Folder());
  }
  path_remove_directory(fd, path, length) {
    const {folder, name, node} = this.existing(fd, path, length);
    if (node.kind !== FOLDER) throw new Failed(NOTDIR);
    if (node.inside.size) throw new Failed(NOTEMPTY);
    if (!folder) throw new Failed(INVAL);
    folder.inside.delete(name);
    folder.touch();
  }
  path_unlink_file(fd, path, length) {
    const {folder, name, node} = this.existing(fd, path, length);
    if (node.kind === FOLDER) throw new Failed(ISDIR);
    folder.inside.delete(name);
    folder.touch();
  }
  path_rename(fd, path, length, toFd, toPath, toLength) {
    const from = this.existing(fd, path, length), to = this.find(toFd, toPath, toLength);
    if (!from.folder || !to.folder) throw new Failed(INVAL);
    if (to.node === from.node) return;
    if (to.node && to.node.kind === FOLDER) throw new Failed(to.node.inside.size ? NOTEMPTY : ISDIR);
    from.folder.inside.delete(from.name);
    from.folder.touch();
    to.folder.put(to.name, from.node);
  }
  path_readlink(fd, path, length) { this.existing(fd, path, length); throw new Failed(INVAL); } // there are no links
  path_link() { return NOTSUP; }
  path_symlink() { return NOTSUP; }
  sock_accept() { return NOSYS; }
  sock_recv() { return NOSYS; }
  sock_send() { return NOSYS; }
  sock_shutdown() { return NOSYS; }
}
delete Calls.prototype.constructor;
