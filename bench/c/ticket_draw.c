// Draws tickets with cairo, pango and libqrencode in one thread: the page of the fleet's template `standard`.
//
//   ticket_draw --count N --keep FOLDER --every N
//
// Fonts and layouts are kept from page to page; texts that all pages share are set once. Files are made in memory;
// every N-th is written to FOLDER/NNNNNN.pdf.

#define _GNU_SOURCE
#include "bench.h"

#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 595.0
#define HEIGHT 842.0
#define MARGIN 44.0
#define HEAD 196.0
#define FAMILIES "Noto Sans, DejaVu Sans, Sans"
#define TOKEN_BLOCK "CEDKTGB2NME7GZIA"
#define TOKEN TOKEN_BLOCK TOKEN_BLOCK TOKEN_BLOCK TOKEN_BLOCK TOKEN_BLOCK TOKEN_BLOCK TOKEN_BLOCK "ABCDEFGH23"

enum alignment { START, CENTER, END };

struct text {
    PangoLayout *layout;
    double x, y, width, height;
    uint32_t color;
    double opacity;
    bool is_centred_upright;
};

struct file {
    unsigned char *bytes;
    size_t length, capacity;
};

static PangoContext *context;

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int length) {
    struct file *file = closure;
    if (file->length + length > file->capacity) {
        file->capacity = (file->length + length) * 2;
        file->bytes = realloc(file->bytes, file->capacity);
        if (!file->bytes) return CAIRO_STATUS_NO_MEMORY;
    }
    memcpy(file->bytes + file->length, data, length);
    file->length += length;
    return CAIRO_STATUS_SUCCESS;
}

static void use(cairo_t *cairo, uint32_t color, double opacity) {
    double red = (color >> 16 & 255) / 255.0, green = (color >> 8 & 255) / 255.0, blue = (color & 255) / 255.0;
    if (opacity == 1)
        cairo_set_source_rgb(cairo, red, green, blue);
    else
        cairo_set_source_rgba(cairo, red, green, blue, opacity);
}

static void set_words(struct text *text, const char *words) { pango_layout_set_text(text->layout, words, -1); }

static struct text make_text(const char *words, double x, double y, double width, double height, double size,
                             PangoWeight weight, uint32_t color, enum alignment alignment, bool is_centred_upright,
                             double spacing) {
    struct text text = {pango_layout_new(context), x, y, width, height, color, 1, is_centred_upright};
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, FAMILIES);
    pango_font_description_set_weight(font, weight);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_layout_set_font_description(text.layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(text.layout, width * PANGO_SCALE);
    pango_layout_set_wrap(text.layout, PANGO_WRAP_WORD_CHAR);
    PangoAlignment alignments[] = {PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT};
    pango_layout_set_alignment(text.layout, alignments[alignment]);
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    if (spacing) pango_attr_list_insert(attributes, pango_attr_letter_spacing_new(spacing * PANGO_SCALE));
    pango_layout_set_attributes(text.layout, attributes);
    pango_attr_list_unref(attributes);
    set_words(&text, words);
    return text;
}

// The height that the text takes.
static double show(cairo_t *cairo, struct text *text, double y) {
    int width, height;
    pango_layout_get_size(text->layout, &width, &height);
    double used = (double)height / PANGO_SCALE, free_height = fmax(0, text->height - used);
    use(cairo, text->color, text->opacity);
    cairo_move_to(cairo, text->x, y + (text->is_centred_upright ? free_height / 2 : 0));
    pango_cairo_show_layout(cairo, text->layout);
    return used;
}

static void rounded(cairo_t *cairo, double x, double y, double width, double height, double radius) {
    cairo_new_path(cairo);
    cairo_arc(cairo, x + width - radius, y + radius, radius, -M_PI_2, 0);
    cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, M_PI_2);
    cairo_arc(cairo, x + radius, y + height - radius, radius, M_PI_2, M_PI);
    cairo_arc(cairo, x + radius, y + radius, radius, M_PI, 3 * M_PI_2);
    cairo_close_path(cairo);
}

static void draw_code(cairo_t *cairo, const char *token) {
    QRcode *code = QRcode_encodeString(token, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!code) die("libqrencode failed");
    double module = floor(215.0 / (code->width + 8));
    double left = round(334 + (215 - module * code->width) / 2), top = round(234 + (215 - module * code->width) / 2);
    // A picture, which cairo writes with a bit for each pixel: as rectangles the code would take most of the time.
    const int size = 4, side = code->width * size;
    cairo_surface_t *pixels = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    uint32_t *target = (uint32_t *)cairo_image_surface_get_data(pixels);
    int stride = cairo_image_surface_get_stride(pixels) / 4;
    cairo_surface_flush(pixels);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            target[y * stride + x] = code->data[y / size * code->width + x / size] & 1 ? 0 : 0xffffff;
    cairo_surface_mark_dirty(pixels);
    cairo_save(cairo);
    cairo_translate(cairo, left, top);
    cairo_scale(cairo, module / size, module / size);
    cairo_set_source_surface(cairo, pixels, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(cairo);
    cairo_restore(cairo);
    cairo_surface_destroy(pixels);
    QRcode_free(code);
}

int main(int count_of_arguments, char **arguments) {
    uint64_t count = option_number(count_of_arguments, arguments, "count", 4000);
    uint64_t every = option_number(count_of_arguments, arguments, "every", 500);
    const char *folder = option(count_of_arguments, arguments, "keep", ".");

    context = pango_font_map_create_context(pango_cairo_font_map_new());
    pango_cairo_context_set_resolution(context, 72);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("en"));
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);

    const uint32_t indigo = 0x3a3fa0, ink = 0x1b1e2b, grey = 0x6b7080, hairline = 0xd9dce5;
    const PangoWeight regular = PANGO_WEIGHT_NORMAL, semibold = PANGO_WEIGHT_SEMIBOLD, bold = PANGO_WEIGHT_BOLD;
    struct span begin = span_now();
    struct text organizer = make_text("Event Planner", MARGIN, 34, 507, 40, 11, semibold, 0xffffff, START, true, 0);
    organizer.opacity = 0.85;
    struct text title = make_text("Tech Conference 2026", MARGIN, 82, 507, 90, 32, bold, 0xffffff, START, true, 0);
    struct text labels[4], values[4];
    const char *names[] = {"GUEST", "DATE", "PLACE", "TICKET"};
    for (int i = 0; i < 4; i++) labels[i] = make_text(names[i], MARGIN, 0, 262, 14, 8.5, semibold, grey, START, false, 0.6);
    values[0] = make_text("", MARGIN, 0, 262, 92, 25, bold, ink, START, false, 0);
    values[1] = make_text("Monday 15 June 2026, 11:00 (Paris)", MARGIN, 0, 262, 42, 14.5, semibold, ink, START, false, 0);
    values[2] = make_text("Palais des Congrès, 2 place de la Porte Maillot, Paris", MARGIN, 0, 262, 42, 14.5, regular, ink,
                          START, false, 0);
    values[3] = make_text("Standard", MARGIN, 0, 262, 36, 14.5, semibold, indigo, START, false, 0);
    struct text code = make_text("", 346, 449, 191, 26, 15, bold, ink, CENTER, true, 0.6);
    struct text hint = make_text("Show this code at the entrance", 346, 477, 191, 22, 9, regular, grey, CENTER, true, 0);
    struct text heading = make_text("CONDITIONS", MARGIN, 592, 300, 14, 8.5, semibold, grey, START, false, 0.6);
    struct text terms = make_text("This ticket lets one person in, once. Keep its code to yourself: whoever shows it first "
                                  "gets in. A copy, a photo or a printout is as good as the ticket itself.",
                                  MARGIN, 610, 507, 172, 10, regular, 0x454a5a, START, false, 0);
    PangoAttrList *attributes = pango_layout_get_attributes(terms.layout);
    pango_attr_list_insert(attributes, pango_attr_font_features_new("liga 0, clig 0"));
    pango_layout_context_changed(terms.layout);
    struct text foot = make_text("Tech Conference 2026", MARGIN, 800, 330, 16, 8.5, regular, grey, START, true, 0);
    struct text foot_code = make_text("", MARGIN + 350, 800, 157, 16, 8.5, regular, grey, END, true, 0);

    struct file file = {0};
    uint64_t sum = 0;
    for (uint64_t number = 0; number < count; number++) {
        char guest[64], ticket[32], token[256], about[128];
        snprintf(guest, sizeof guest, "Zoé Dupont %06lu", number);
        snprintf(ticket, sizeof ticket, "TKT-%06lu", number);
        snprintf(token, sizeof token, TOKEN "%06lu", number);
        snprintf(about, sizeof about, "Tech Conference 2026 · %s", guest);
        set_words(&values[0], guest);
        set_words(&code, ticket);
        set_words(&foot_code, ticket);

        file.length = 0;
        cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(append, &file, WIDTH, HEIGHT);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, about);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, "Event Planner");
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, ticket);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2026-01-30T03:00:00Z");
        cairo_t *cairo = cairo_create(surface);
        use(cairo, indigo, 1);
        cairo_rectangle(cairo, 0, 0, WIDTH, HEAD);
        cairo_fill(cairo);
        cairo_save(cairo);
        cairo_rectangle(cairo, 0, 0, WIDTH, HEAD);
        cairo_clip(cairo);
        use(cairo, 0xffffff, 0.07);
        cairo_arc(cairo, 520, 30, 150, 0, 2 * M_PI);
        cairo_fill(cairo);
        use(cairo, 0xffffff, 0.06);
        cairo_arc(cairo, 590, 170, 110, 0, 2 * M_PI);
        cairo_fill(cairo);
        cairo_restore(cairo);
        show(cairo, &organizer, organizer.y);
        show(cairo, &title, title.y);
        double y = HEAD + 38;
        for (int i = 0; i < 4; i++) {
            show(cairo, &labels[i], y);
            y += 15;
            y += show(cairo, &values[i], y) + 17;
        }
        rounded(cairo, 332, 230, 219, 282, 12);
        use(cairo, 0xffffff, 1);
        cairo_fill(cairo);
        rounded(cairo, 332, 230, 219, 282, 12);
        use(cairo, hairline, 1);
        cairo_set_line_width(cairo, 1);
        cairo_stroke(cairo);
        draw_code(cairo, token);
        show(cairo, &code, code.y);
        show(cairo, &hint, hint.y);
        use(cairo, hairline, 1);
        const double dash = 4;
        cairo_set_dash(cairo, &dash, 1, 0);
        cairo_move_to(cairo, MARGIN, 566);
        cairo_line_to(cairo, WIDTH - MARGIN, 566);
        cairo_stroke(cairo);
        cairo_set_dash(cairo, NULL, 0, 0);
        show(cairo, &heading, heading.y);
        show(cairo, &terms, terms.y);
        use(cairo, indigo, 1);
        cairo_rectangle(cairo, 0, HEIGHT - 10, WIDTH, 10);
        cairo_fill(cairo);
        show(cairo, &foot, foot.y);
        show(cairo, &foot_code, foot_code.y);
        cairo_show_page(cairo);
        cairo_destroy(cairo);
        cairo_surface_finish(surface);
        cairo_status_t status = cairo_surface_status(surface);
        if (status != CAIRO_STATUS_SUCCESS) die("drawing failed: %s", cairo_status_to_string(status));
        cairo_surface_destroy(surface);
        if (number % every == 0) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%06lu.pdf", folder, number);
            FILE *output = fopen(path, "w");
            if (!output || fwrite(file.bytes, 1, file.length, output) != file.length || fclose(output))
                die("cannot write %s", path);
        }
        sum += number;
    }
    report(count, sum, begin, span_now());
    return 0;
}
