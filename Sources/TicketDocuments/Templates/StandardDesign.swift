/// A4: a coloured head with the event, the guest's details beside the code, the conditions below a fold.
struct StandardDesign: TicketDesign {
    let size = (width: 595.0, height: 842.0)

    private static let indigo = Color(0x3a3fa0)
    private let margin = 44.0
    private let headHeight = 196.0

    func draw(_ ticket: TicketContent, code: QRCode, logo: Picture?, on canvas: Canvas) {
        let accent = ticket.accent ?? Self.indigo
        head(ticket, accent, logo, canvas)
        details(ticket, accent, canvas)
        codeCard(ticket, code, canvas)
        conditions(ticket, accent, canvas)
    }

    private func head(_ ticket: TicketContent, _ accent: Color, _ logo: Picture?, _ canvas: Canvas) {
        let box = Box(0, 0, size.width, headHeight)
        let front = accent.readable
        canvas.fill(box, accent)
        canvas.clipped(to: box) {
            canvas.circle(x: 520, y: 30, radius: 150, front.opacity(0.07))
            canvas.circle(x: 590, y: 170, radius: 110, front.opacity(0.06))
        }
        let top = Box(margin, 34, size.width - 2 * margin, 40)
        if let logo { canvas.picture(logo, in: Box(top.x, top.y, 180, top.height), .start) }
        if let organizer = ticket.organizer {
            let style = TextStyle(11, smallest: 7, .semibold, front.opacity(0.85), logo == nil ? .start : .end, .middle)
            let box = logo == nil ? top : Box(top.x + 200, top.y, top.width - 200, top.height)
            canvas.text(organizer, in: box, style, isShared: true)
        }
        canvas.text(
            ticket.eventTitle,
            in: Box(margin, 82, size.width - 2 * margin, 90),
            TextStyle(32, smallest: 10, .bold, front, .start, .middle),
            isShared: true
        )
    }

    private func details(_ ticket: TicketContent, _ accent: Color, _ canvas: Canvas) {
        let words = ticket.language.words
        let width = 262.0
        var y = headHeight + 38
        func entry(_ label: String, _ text: String, height: Double, _ style: TextStyle, isShared: Bool) {
            canvas.text(
                label,
                in: Box(margin, y, width, 14),
                TextStyle(8.5, .semibold, .grey, spacing: 0.6),
                isShared: true
            )
            y += 15
            let used = canvas.text(text, in: Box(margin, y, width, height), style, isShared: isShared)
            y += used + 17
        }
        if !ticket.guestName.isEmpty {
            let style = TextStyle(25, smallest: 9, .bold)
            entry(words.guest, ticket.guestName, height: 92, style, isShared: false)
        }
        if let date = ticket.date {
            let text = [date, ticket.time].compactMap(\.self).joined(separator: ", ")
            entry(words.date, text, height: 42, TextStyle(14.5, smallest: 8, .semibold), isShared: true)
        }
        if let place = ticket.place {
            entry(words.place, place, height: 42, TextStyle(14.5, smallest: 8), isShared: true)
        }
        let style = TextStyle(14.5, smallest: 8, .semibold, accent.readable == .white ? accent : .ink)
        entry(words.type, ticket.type, height: 36, style, isShared: true)
    }

    private func codeCard(_ ticket: TicketContent, _ code: QRCode, _ canvas: Canvas) {
        let card = Box(332, headHeight + 34, 219, 282)
        canvas.fill(card, .white, radius: 12)
        canvas.frame(card, .hairline, radius: 12)
        canvas.code(code, in: Box(card.x + 2, card.y + 4, card.width - 4, card.width - 4))
        let middle = card.inset(14)
        canvas.text(
            ticket.code,
            in: Box(middle.x, card.y + 219, middle.width, 26),
            TextStyle(15, smallest: 6, .bold, .ink, .center, .middle, spacing: 0.6)
        )
        canvas.text(
            ticket.language.words.entrance,
            in: Box(middle.x, card.y + 247, middle.width, 22),
            TextStyle(9, smallest: 6, .regular, .grey, .center, .middle),
            isShared: true
        )
    }

    private func conditions(_ ticket: TicketContent, _ accent: Color, _ canvas: Canvas) {
        let words = ticket.language.words
        let top = 566.0
        canvas.line(from: margin, to: size.width - margin, y: top, .hairline, width: 1, dash: 4)
        canvas.text(
            words.terms,
            in: Box(margin, top + 26, 300, 14),
            TextStyle(8.5, .semibold, .grey, spacing: 0.6),
            isShared: true
        )
        canvas.text(
            ticket.terms ?? words.defaultTerms,
            in: Box(margin, top + 44, size.width - 2 * margin, 172),
            TextStyle(10, smallest: 5.5, .regular, Color(0x454a5a)).withoutLigatures,
            isShared: true
        )
        canvas.fill(Box(0, size.height - 10, size.width, 10), accent)
        let foot = Box(margin, size.height - 42, size.width - 2 * margin, 16)
        canvas.text(
            ticket.eventTitle,
            in: Box(foot.x, foot.y, 330, foot.height),
            TextStyle(8.5, smallest: 6, .regular, .grey, .start, .middle),
            isShared: true
        )
        canvas.text(
            ticket.code,
            in: Box(foot.x + 350, foot.y, foot.width - 350, foot.height),
            TextStyle(8.5, smallest: 5, .regular, .grey, .end, .middle)
        )
    }
}
