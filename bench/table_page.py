"""Where the tables of a benchmark go: the machine's name for their head, and the page in docs/benchmarks that holds them."""
import platform

END = "<!-- end of the tables -->"


def marks(command):
    """The lines of a page between which the tables of that command stand."""
    return f"<!-- tables: written by {command} --write -->", END


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return f"{len(models)} × {models[0] if models else 'unknown processor'}, Linux {platform.release()}"


def write_page(path, lines, between):
    """Puts the lines between the two marks of the page; what stood there goes."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split(between[0])
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + between[0] + "\n" + "\n".join(lines) + "\n\n" + between[1] + rest.split(between[1])[1])
