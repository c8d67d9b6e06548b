extension RedisScript {
    /// Takes permits from a limit by GCRA (the generic cell rate algorithm), on the server's clock.
    ///
    /// `KEYS[1]` holds the theoretical arrival time in microseconds. `ARGV`: the interval between two permits and the
    /// tolerance, both in microseconds, and how many permits are wanted. Answers how many were granted, and in how many
    /// microseconds the next one comes, and how many are left.
    static let rateLimit = RedisScript(
        """
        local interval, tolerance, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local arrival = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now)
        local free = math.floor((now + tolerance - arrival) / interval) + 1
        local granted = math.max(0, math.min(wanted, free))
        if granted > 0 then
            arrival = arrival + granted * interval
            local kept = math.ceil((arrival - now) / 1000) + 1000
            redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', string.format('%.0f', kept))
        end
        local left = math.max(0, free - granted)
        return {granted, math.max(0, math.ceil(arrival - tolerance - now)), left}
        """
    )
}
