"""Draws tickets with qrcode and reportlab, in one thread: the page of the fleet's template `standard`.

    ticket_draw.py --count N --keep FOLDER --every N
"""

import io
import json
import resource
import sys
import time
from pathlib import Path

import qrcode
from PIL import Image
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from publishing import peak_memory_mb

FONTS = Path("/usr/share/fonts/truetype/noto")
TOKEN = "CEDKTGB2NME7GZIA" * 7 + "ABCDEFGH23"
WIDTH, HEIGHT, MARGIN, HEAD = 595, 842, 44, 196
INDIGO, INK, GREY, HAIRLINE, TERMS = (HexColor(code) for code in ("#3a3fa0", "#1b1e2b", "#6b7080", "#d9dce5", "#454a5a"))
CONDITIONS = [
    "This ticket lets one person in, once. Keep its code to yourself: whoever shows it first gets in. A copy, a photo",
    "or a printout is as good as the ticket itself.",
]


def draw(number: int) -> bytes:
    digits = f"{number:06d}"
    output = io.BytesIO()
    page = Canvas(output, (WIDTH, HEIGHT), pageCompression=1, lang="en")
    page.setTitle(f"Tech Conference 2026 · Zoé Dupont {digits}")
    page.setAuthor("Event Planner")

    def text(x, y, words, size, font="Regular", color=INK, align="left"):
        page.setFont(font, size)
        page.setFillColor(color)
        {"left": page.drawString, "center": page.drawCentredString, "right": page.drawRightString}[align](x, HEIGHT - y, words)

    page.setFillColor(INDIGO)
    page.rect(0, HEIGHT - HEAD, WIDTH, HEAD, stroke=0, fill=1)
    page.saveState()
    clip = page.beginPath()
    clip.rect(0, HEIGHT - HEAD, WIDTH, HEAD)
    page.clipPath(clip, stroke=0)
    for x, y, radius, opacity in ((520, 30, 150, 0.07), (590, 170, 110, 0.06)):
        page.setFillColor(Color(1, 1, 1, opacity))
        page.circle(x, HEIGHT - y, radius, stroke=0, fill=1)
    page.restoreState()
    text(MARGIN, 58, "Event Planner", 11, "Semibold", Color(1, 1, 1, 0.85))
    text(MARGIN, 138, "Tech Conference 2026", 32, "Bold", HexColor("#ffffff"))

    entries = [
        ("GUEST", [f"Zoé Dupont {digits}"], 25, "Bold", INK, 68),
        ("DATE", ["Monday 15 June 2026, 11:00", "(Paris)"], 14.5, "Semibold", INK, 72),
        ("PLACE", ["Palais des Congrès, 2 place de la", "Porte Maillot, Paris"], 14.5, "Regular", INK, 72),
        ("TICKET", ["Standard"], 14.5, "Semibold", INDIGO, 52),
    ]
    y = HEAD + 38
    for label, lines, size, font, color, height in entries:
        text(MARGIN, y + 10, label, 8.5, "Semibold", GREY)
        for place, line in enumerate(lines):
            text(MARGIN, y + 15 + size * (1.07 + 1.36 * place), line, size, font, color)
        y += height

    page.setFillColor(HexColor("#ffffff"))
    page.setStrokeColor(HAIRLINE)
    page.setLineWidth(1)
    page.roundRect(332, HEIGHT - 512, 219, 282, 12, stroke=1, fill=1)
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(TOKEN + digits)
    code.make(fit=True)
    matrix = code.get_matrix()
    side = len(matrix)
    module = 215 // (side + 8)
    left, top = round(334 + (215 - module * side) / 2), round(234 + (215 - module * side) / 2)
    # A picture of one bit a pixel, as on the other sides; rectangles took about 0.6 ms more a page.
    picture = Image.new("1", (side, side))
    picture.putdata([0 if is_dark else 255 for modules in matrix for is_dark in modules])
    picture = picture.resize((4 * side, 4 * side), Image.Resampling.NEAREST)
    page.drawImage(ImageReader(picture), left, HEIGHT - top - side * module, side * module, side * module)
    text(441.5, 466, f"TKT-{digits}", 15, "Bold", INK, "center")
    text(441.5, 491, "Show this code at the entrance", 9, "Regular", GREY, "center")

    page.setDash([4, 4])
    page.setStrokeColor(HAIRLINE)
    page.line(MARGIN, HEIGHT - 566, WIDTH - MARGIN, HEIGHT - 566)
    text(MARGIN, 602, "CONDITIONS", 8.5, "Semibold", GREY)
    for place, line in enumerate(CONDITIONS):
        text(MARGIN, 621 + 13.6 * place, line, 10, "Regular", TERMS)
    page.setFillColor(INDIGO)
    page.rect(0, 0, WIDTH, 10, stroke=0, fill=1)
    text(MARGIN, 811, "Tech Conference 2026", 8.5, "Regular", GREY)
    text(WIDTH - MARGIN, 811, f"TKT-{digits}", 8.5, "Regular", GREY, "right")
    page.showPage()
    page.save()
    return output.getvalue()


def main() -> None:
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    count, folder, every = int(options["--count"]), Path(options["--keep"]), int(options["--every"])
    # Read once: what can be kept from file to file is kept.
    for name, file in (("Regular", "NotoSans-Regular"), ("Semibold", "NotoSans-Bold"), ("Bold", "NotoSans-Bold")):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{file}.ttf"))
    begin, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    for number in range(count):
        file = draw(number)
        if number % every == 0:
            (folder / f"{number:06d}.pdf").write_bytes(file)
    seconds, usage = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "count": count,
        "sum": count * (count - 1) // 2,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime - cpu.ru_utime - cpu.ru_stime,
        "memory_mb": peak_memory_mb(),
    }))


main()
