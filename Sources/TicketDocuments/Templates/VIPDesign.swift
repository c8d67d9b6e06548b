/// A5 across: gold on night blue, the code on a white field.
struct VIPDesign: TicketDesign {
    let size = (width: 595.0, height: 420.0)

    private static let night = Color(0x12131f)
    private static let gold = Color(0xd1ac5b)
    private static let silver = Color(0xa9adbd)

    func draw(_ ticket: TicketContent, code: QRCode, logo: Picture?, on canvas: Canvas) {
        let accent = ticket.accent ?? Self.gold
        ground(accent, canvas)
        head(ticket, accent, logo, canvas)
        details(ticket, accent, canvas)
        field(ticket, code, accent, canvas)
        canvas.text(
            ticket.terms ?? ticket.language.words.defaultTerms,
            in: Box(46, 352, 503, 30),
            TextStyle(7, smallest: 4.5, .regular, Self.silver.opacity(0.8), .start, .middle).withoutLigatures,
            isShared: true
        )
    }

    private func ground(_ accent: Color, _ canvas: Canvas) {
        let page = Box(0, 0, size.width, size.height)
        canvas.fill(page, Self.night)
        canvas.clipped(to: page) {
            for (radius, opacity) in [(250.0, 0.05), (190, 0.05), (130, 0.06)] {
                canvas.circle(x: 560, y: -20, radius: radius, accent.opacity(opacity))
            }
        }
        canvas.frame(page.inset(16), accent.opacity(0.75), width: 0.8, radius: 10)
        canvas.frame(page.inset(20), accent.opacity(0.35), width: 0.5, radius: 8)
    }

    private func head(_ ticket: TicketContent, _ accent: Color, _ logo: Picture?, _ canvas: Canvas) {
        canvas.text(
            ticket.type.uppercased(),
            in: Box(46, 42, 300, 30),
            TextStyle(22, smallest: 8, .bold, accent, .start, .middle, spacing: 1.8),
            isShared: true
        )
        let right = Box(366, 42, 183, 30)
        if let logo {
            canvas.picture(logo, in: right, .end)
        } else if let organizer = ticket.organizer {
            canvas.text(
                organizer,
                in: right,
                TextStyle(10, smallest: 6, .semibold, Self.silver, .end, .middle),
                isShared: true
            )
        }
        canvas.line(from: 46, to: 549, y: 84, accent.opacity(0.5), width: 0.6)
    }

    private func details(_ ticket: TicketContent, _ accent: Color, _ canvas: Canvas) {
        let words = ticket.language.words
        let width = 290.0
        canvas.text(
            ticket.eventTitle,
            in: Box(46, 100, width, 76),
            TextStyle(27, smallest: 9, .bold, .white),
            isShared: true
        )
        let when = [ticket.date, ticket.time].compactMap(\.self).joined(separator: ", ")
        let label = TextStyle(7.5, .semibold, Self.silver, spacing: 0.6)
        var y = 188.0
        if !when.isEmpty {
            y += canvas.text(
                when,
                in: Box(46, y, width, 32),
                TextStyle(12.5, smallest: 7, .semibold, accent),
                isShared: true
            )
        }
        if let place = ticket.place {
            canvas.text(
                place,
                in: Box(46, y + 3, width, 32),
                TextStyle(11, smallest: 7, .regular, Self.silver),
                isShared: true
            )
        }
        guard !ticket.guestName.isEmpty else { return }
        canvas.text(words.guest, in: Box(46, 262, width, 12), label, isShared: true)
        canvas.text(
            ticket.guestName,
            in: Box(46, 276, width, 60),
            TextStyle(23, smallest: 7.5, .bold, .white)
        )
    }

    private func field(_ ticket: TicketContent, _ code: QRCode, _ accent: Color, _ canvas: Canvas) {
        let card = Box(352, 102, 197, 234)
        canvas.fill(card, .white, radius: 10)
        canvas.code(code, in: Box(card.x, card.y + 2, card.width, card.width))
        canvas.text(
            ticket.code,
            in: Box(card.x + 12, card.y + 198, card.width - 24, 26),
            TextStyle(13, smallest: 5.5, .bold, Self.night, .center, .middle, spacing: 0.6)
        )
    }
}
