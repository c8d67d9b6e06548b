/// Draws a ticket on one page.
protocol TicketDesign {
    /// Width and height in points.
    var size: (width: Double, height: Double) { get }

    func draw(_ ticket: TicketContent, code: QRCode, logo: Picture?, on canvas: Canvas)
}
