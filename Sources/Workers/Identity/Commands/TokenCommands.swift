import FlotillaCommandLineKit
import FlotillaOperations

/// `flotilla token`: tokens that others have issued.
enum TokenCommands {
    static let all = Command(
        "token",
        "Checks and revokes tokens that others have issued",
        verbs: [TokenVerifyCommand.command, TokenRevokeCommand.command]
    )

    /// A token from the command line, or from standard input.
    static func text(_ word: String) throws(CommandError) -> String {
        guard word == "-" else { return word }
        return String(decoding: try BodySource.standardInput.read(), as: UTF8.self).filter { !$0.isWhitespace }
    }
}
