import FlotillaCommandLineKit

/// The words of `FLOTILLA_POSTGRES_POOLER`.
package enum PoolerMode: String, CaseIterable, TextValue {
    case none, transaction
}
