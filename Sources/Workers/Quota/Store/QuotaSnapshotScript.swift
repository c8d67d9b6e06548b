import FlotillaStorage

extension RedisScript {
    /// Keeps the state of one quota in a period, unless a newer one is there.
    ///
    /// `KEYS[1]` is a hash of periods by their start. `ARGV`: the period's start, the state's version, the period's end,
    /// limit (`-` for none), used, overage and plan; then how old the state is and how long one is believed, both in
    /// microseconds. States that nobody would believe any more are dropped on the way.
    static let quotaSnapshot = RedisScript(
        """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local start, version, belief = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[9])
        local seenAt = now - tonumber(ARGV[8])
        local fields = redis.call('HGETALL', KEYS[1])
        for index = 1, #fields, 2 do
            local oldVersion, oldSeenAt = string.match(fields[index + 1], '^(%d+) (%d+) ')
            if fields[index] == start then
                if tonumber(oldVersion) > version then return 0 end
                if tonumber(oldVersion) == version then seenAt = math.max(seenAt, tonumber(oldSeenAt)) end
            elseif now - tonumber(oldSeenAt) > belief then
                redis.call('HDEL', KEYS[1], fields[index])
            end
        end
        local state = {ARGV[2], string.format('%.0f', seenAt), ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]}
        redis.call('HSET', KEYS[1], start, table.concat(state, ' '))
        redis.call('PEXPIRE', KEYS[1], math.ceil(belief / 500))
        return 1
        """
    )
}
