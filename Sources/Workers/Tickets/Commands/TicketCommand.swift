package import FlotillaCommandLineKit
/// `flotilla ticket`: tickets, and the keys that sign them.
package enum TicketCommand {
    package static let all = Command(
        "ticket",
        "Shows and checks tickets",
        verbs: [
            TicketListCommands.list, TicketListCommands.show, TicketListCommands.stop, TicketVerifyCommand.command,
            TicketPreviewCommand.command, TicketKeyCommands.all,
        ]
    )
}
