# SPDX-License-Identifier: Apache-2.0
"""For gdb: terms as the language writes them, and what the machine's processes do. `make gdb` loads it; elsewhere
(gdb) source tools/gdb/coppice.py

    print p->reason      a Term is printed as a value, bounded; a raw word: print (Term){bits}
    processes [COUNT]    the processes: pid, state, what it runs, messages, words of heap, reductions
    process PID          one of them, by the first number of its pid or by an expression that gives a Process *:
                         its frames, registers kept, and waiting messages

It only reads memory, so it works on a core file too, and knows layouts by the debug information: tags come from term.h's
enumerators, kinds from kinds.def. The machine is the one that the operating system's signals speak to, or the one of a frame of
the current thread. Tests: tests/system/gdb.sh.
"""
import struct

import gdb

ITEMS = 20  # of a list, tuple or string shown
DEPTH = 6


def constant(name):
    return int(gdb.parse_and_eval(name))


def word(address):
    return struct.unpack("<Q", bytes(gdb.selected_inferior().read_memory(address, 8)))[0]


def machine():
    """The VM, as a gdb.Value."""
    try:
        life = gdb.parse_and_eval("in_charge")
        if int(life) != 0:
            return life.cast(gdb.lookup_type("struct ProgramLife").pointer())["vm"]
    except gdb.error:
        pass
    frame = gdb.selected_frame() if gdb.selected_thread() else None
    while frame is not None:
        for name, path in (("vm", ""), ("p", "vm"), ("w", "vm"), ("s", "worker.vm"), ("shell", "vm")):
            try:
                value = frame.read_var(name)
                for field in path.split(".") if path else []:
                    value = value[field]
                if str(value.type.unqualified()) == "VM *" and int(value) != 0:
                    return value
            except (ValueError, gdb.error):
                continue
        frame = frame.older()
    raise gdb.GdbError("no machine in sight: select a frame with a VM, Process or Worker")


def atom_text(index):
    segment = 0 if index < 256 else index.bit_length() - 8
    offset = index if segment == 0 else index - (128 << segment)
    entries = machine()["atoms"]["segments"][segment]
    atom = entries.cast(gdb.lookup_type("Atom").pointer())[offset]
    return bytes(gdb.selected_inferior().read_memory(int(atom["text"]), int(atom["len"]))).decode()


def atom(bits):
    text = atom_text(bits >> 8)
    if text in ("true", "false", "nil"):
        return text
    return ":" + (text if text.replace("_", "a").isalnum() else '"%s"' % text)


def pid(bits):
    index_bits = constant("PID_INDEX_BITS")
    return "<0.%d.%d>" % (bits >> 8 & (1 << index_bits) - 1, bits >> 8 + index_bits)


def quoted(address, size):
    text = bytes(gdb.selected_inferior().read_memory(address, min(size, 80))).decode(errors="backslashreplace")
    return '"%s"%s' % (text.replace("\n", "\\n"), "..." if size > 80 else "")


def several(addresses, count, depth):
    shown = [term(word(at), depth - 1) for at in addresses[:ITEMS]]
    return ", ".join(shown + (["..."] if count > ITEMS else []))


def cons(bits, depth):
    shown = []
    while bits & 7 == constant("TAG_CONS") and len(shown) < ITEMS:
        shown.append(term(word(bits - 1), depth - 1))
        bits = word(bits - 1 + 8)
    end = "" if bits == constant("IMM_EMPTY") else ", ..." if bits & 7 == constant("TAG_CONS") else " | " + term(bits, depth - 1)
    return "[%s%s]" % (", ".join(shown), end)


def box(bits, depth):
    at = bits - constant("TAG_BOX")
    header = word(at)
    if header & 0xff != constant("IMM_HEADER"):
        return "moved box %#x" % at
    kind = str(gdb.Value(header >> 8 & 0xff).cast(gdb.lookup_type("Kind"))).removeprefix("KIND_")
    count = header >> 24
    first = at + 8
    if kind == "TUPLE":
        inside = several([first + 8 * i for i in range(count)], count, depth)
        return "(%s%s)" % (inside, "," if count == 1 else "")
    if kind == "FLOAT":
        return repr(struct.unpack("<d", struct.pack("<Q", word(first)))[0])
    if kind == "BIGNUM":
        value = sum(word(first + 8 * i) << 64 * i for i in range(min(count, 32)))
        return ("-" if header >> 16 & 1 else "") + (str(value) if count <= 32 else "bignum of %d words" % count)
    if kind == "BYTES":
        return quoted(first + 8, word(first))
    if kind in ("SHARED", "SLICE"):
        return quoted(word(first), word(first + 8))
    if kind == "FLATMAP":
        pairs = [(word(first + 8 * i), word(first + 8 * (i + count // 2))) for i in range(min(count // 2, ITEMS))]
        inside = ", ".join("%s => %s" % (term(k, depth - 1), term(v, depth - 1)) for k, v in pairs)
        return "%%{%s%s}" % (inside, ", ..." if count // 2 > ITEMS else "")
    if kind == "RECORD":
        desc = gdb.Value(word(first)).cast(gdb.lookup_type("RecordDesc").pointer())
        fields = ["%s: %s" % (atom(int(desc["fields"][i]["bits"])).lstrip(":"), term(word(first + 8 * (i + 1)), depth - 1))
                  for i in range(count - 1)]
        return "%s{%s}" % (atom_text(int(desc["name"]["bits"]) >> 8), ", ".join(fields))
    if kind == "FN":
        return "fn " + function(gdb.Value(word(first)).cast(gdb.lookup_type("Function").pointer()))
    if kind == "REF":
        return "#ref<%d>" % word(first)
    return "%s of %d words at %#x" % (kind.lower(), count, at)


def term(bits, depth=DEPTH):
    if depth == 0:
        return "..."
    if bits & 3 == 0:
        return str((bits if bits < 1 << 63 else bits - (1 << 64)) >> 2)
    tag = bits & 7
    if tag == constant("TAG_CONS"):
        return cons(bits, depth)
    if tag == constant("TAG_BOX"):
        return box(bits, depth)
    if tag != constant("TAG_IMM"):
        raw = bits - 2
        return repr(struct.unpack("<d", struct.pack("<Q", (raw >> 4 | raw << 60) & (1 << 64) - 1))[0])
    low = bits & constant("IMM_MASK")
    if low == constant("IMM_ATOM"):
        return atom(bits)
    if low == constant("IMM_PID"):
        return pid(bits)
    if bits == constant("IMM_EMPTY"):
        return "[]"
    others = {0x1f: "NONE", 0x11f: "YIELD", 0x21f: "WAIT", 0x31f: "MOVED", 0x41f: "HOLE"}
    return others.get(bits, "header %#x" % bits if low == constant("IMM_HEADER") else "word %#x" % bits)


class TermPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            return term(int(self.value["bits"]))
        except (gdb.error, gdb.MemoryError) as error:
            return "word %#x (%s)" % (int(self.value["bits"]), error)


def printer(value):
    # Not str(): that would print the value itself.
    return TermPrinter(value) if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT and value.type.name == "Term" else None


def function(f):
    return "%s.%s/%d" % (atom_text(int(f["module_name"]["bits"]) >> 8), atom_text(int(f["name"]["bits"]) >> 8), int(f["arity"]))


def inlined(point):
    """The names of the functions that stand inlined at a safepoint, innermost first."""
    f = point["function"]
    table = f["module"]["lines"]
    if int(table) == 0:
        return []
    table = table[int(f - f["module"]["functions"])]
    found = None
    for i in range(int(table["entry_count"])):
        if int(table["entries"][i]["offset"]) > int(point["offset"]):
            break
        found = table["entries"][i]
    if found is None:
        return []
    atoms = [int(table["frames"][int(found["first"]) + i]["function"]["bits"]) >> 8 for i in range(int(found["count"]))]
    return [atom_text(a) for a in atoms if a != int(f["name"]["bits"]) >> 8]


def all_processes():
    table = machine()["processes"]
    slots_per_segment = constant("TABLE_SEGMENT_SIZE")
    for index in range(int(table["used"])):
        segment = table["segments"][index // slots_per_segment]
        if int(segment) == 0:
            continue
        slot = int(segment.cast(gdb.lookup_type("TableSegment").pointer())["slots"][index % slots_per_segment])
        if slot & 1 == 0 and slot != 0:
            yield gdb.Value(slot).cast(gdb.lookup_type("Process").pointer())


def state(p):
    return str(gdb.Value(int(p["state"])).cast(gdb.lookup_type("ProcState"))).removeprefix("PROC_").lower()


def heap_words(p):
    heap = p["heap"]
    return (int(heap["top"]) - int(heap["start"]) + int(heap["stack_end"]) - int(heap["sp"])) // 8


class Processes(gdb.Command):
    """processes [COUNT]: what the machine's processes do (the first 100)."""

    def __init__(self):
        super().__init__("processes", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        most = int(argument) if argument else 100
        print("%-14s %-10s %-28s %8s %10s %12s" % ("pid", "state", "entry", "messages", "words", "reductions"))
        for count, p in enumerate(all_processes()):
            if count == most:
                print("...")
                break
            entry = function(p["entry"]) if int(p["entry"]) != 0 else "-"
            print("%-14s %-10s %-28s %8d %10d %12d" % (pid(int(p["pid"]["bits"])), state(p), entry, int(p["mailbox"]["count"]),
                                                    heap_words(p), int(p["reductions"])))


class OneProcess(gdb.Command):
    """process PID: frames, kept registers and messages of one process; PID is its number or an expression."""

    def __init__(self):
        super().__init__("process", gdb.COMMAND_DATA)

    def find(self, argument):
        if argument.isdigit():
            for p in all_processes():
                if pid(int(p["pid"]["bits"])).startswith("<0.%s." % argument):
                    return p
            raise gdb.GdbError("no process has the number " + argument)
        return gdb.parse_and_eval(argument).cast(gdb.lookup_type("Process").pointer())

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("process PID")
        p = self.find(argument)
        print("%s %s, runs %s" % (pid(int(p["pid"]["bits"])), state(p), function(p["entry"])))
        # The word before a return address is the call's safepoint.
        points = [int(p["point"])] if int(p["point"]) != 0 else []
        returns = p["returns"]
        few = int(returns["end"]) == int(returns["first"].address)
        base = int(returns["end"]) + int(returns["first"].type.sizeof) if few else int(returns["base"])
        at = int(returns["top"])
        while at < base and len(points) < ITEMS:
            points.append(word(word(at) - 8))
            at += 8
        for number, point in enumerate(points):
            point = gdb.Value(point).cast(gdb.lookup_type("Safepoint").pointer())
            if int(point) == 0 or int(point["function"]) == 0:
                print("  #%-2d (start)" % number)
                continue
            for name in inlined(point):
                print("  #%-2d %s, inlined" % (number, name))
            print("  #%-2d %s" % (number, function(point["function"])))
        apart = int(p["saved_room"]) * 8 > int(p["saved_inline"].type.sizeof)
        saved = p["saved_apart"] if apart else p["saved_inline"]
        for i in range(int(p["saved_count"])):
            print("  x%d = %s" % (i, term(int(saved[i]["bits"]))))
        message = p["mailbox"]["first"]
        for _ in range(ITEMS):
            if int(message) == 0:
                break
            print("  message %s" % term(int(message["data"][1]["bits"])))
            message = message["next"]


gdb.pretty_printers.append(printer)
Processes()
OneProcess()
