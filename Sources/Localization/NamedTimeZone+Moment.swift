import FlotillaModels

extension NamedTimeZone: LocalTimeZone {
    package func moment(local: Int64) -> Int64 {
        // No place changes its clocks twice within two days, nor by more than a day.
        let day: Int64 = 86_400_000_000
        let before = offset(at: local - day)
        let after = offset(at: local + day)
        let moments = [local - before, local - after]
        let valid = moments.filter { local - $0 == offset(at: $0) }
        return valid.min() ?? change(between: local - after, and: local - before)
    }

    /// When the offset becomes another than it was at the first of two moments, to the second. There is one change between
    /// them.
    package func change(between first: Int64, and last: Int64) -> Int64 {
        let second: Int64 = 1_000_000
        let former = offset(at: first)
        // Whole seconds, which are greater than zero for every year that people plan in.
        var (low, high) = (first / second, last / second + 1)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(at: middle * second) == former { low = middle } else { high = middle }
        }
        return high * second
    }
}
