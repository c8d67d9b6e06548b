/// A6 upright, to hang around the neck: the name is what is read from two metres away.
struct BadgeDesign: TicketDesign {
    let size = (width: 298.0, height: 420.0)

    private static let teal = Color(0x0f766e)

    func draw(_ ticket: TicketContent, code: QRCode, logo: Picture?, on canvas: Canvas) {
        let accent = ticket.accent ?? Self.teal
        let front = accent.readable
        let head = Box(0, 0, size.width, 112)
        canvas.fill(head, accent)
        canvas.clipped(to: head) {
            canvas.circle(x: 280, y: 20, radius: 90, front.opacity(0.07))
            canvas.circle(x: 20, y: 120, radius: 70, front.opacity(0.06))
        }
        // Where the slot for the band is punched.
        canvas.fill(Box(size.width / 2 - 22, 12, 44, 9), .white, radius: 4.5)
        if let logo { canvas.picture(logo, in: Box(24, 30, size.width - 48, 22), .center) }
        canvas.text(
            ticket.eventTitle,
            in: logo == nil ? Box(22, 30, size.width - 44, 48) : Box(22, 54, size.width - 44, 30),
            TextStyle(17, smallest: 6, .bold, front, .center, .middle),
            isShared: true
        )
        let when = [ticket.date, ticket.time].compactMap(\.self).joined(separator: ", ")
        canvas.text(
            [when, ticket.place ?? ""].filter { !$0.isEmpty }.joined(separator: " · "),
            in: Box(22, 82, size.width - 44, 20),
            TextStyle(8.5, smallest: 4.5, .regular, front.opacity(0.9), .center, .middle),
            isShared: true
        )
        canvas.text(
            ticket.guestName,
            in: Box(20, 116, size.width - 40, 90),
            TextStyle(34, smallest: 8, .bold, .ink, .center, .middle)
        )
        canvas.code(code, in: Box(size.width / 2 - 74, 203, 148, 148))
        canvas.text(
            ticket.code,
            in: Box(24, 349, size.width - 48, 15),
            TextStyle(8.5, smallest: 4.5, .semibold, .grey, .center, .middle, spacing: 0.5)
        )
        canvas.fill(Box(0, 368, size.width, 52), accent)
        canvas.text(
            ticket.type.uppercased(),
            in: Box(20, 368, size.width - 40, 52),
            TextStyle(21, smallest: 7, .bold, front, .center, .middle, spacing: 1.6),
            isShared: true
        )
    }
}
