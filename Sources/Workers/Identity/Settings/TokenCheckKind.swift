import FlotillaCommandLineKit

/// How the auth service is asked about a token.
package enum TokenCheckKind: String, Sendable, CaseIterable, TextValue {
    case verify, introspection
}
