extension RedisScript {
    /// Applies one change to the hash of a job, unless the hash is ahead of it.
    ///
    /// Succeeded and cancelled are for ever; dead gives way to a newer attempt only, which a requeue makes. Otherwise
    /// a newer attempt wins over an older one, and within an attempt a higher rank over a lower one; the same state
    /// again brings progress, which never goes back.
    static let jobState = RedisScript(
        """
        local key = KEYS[1]
        local attempt, rank, state = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
        local progress, at, retention = tonumber(ARGV[4]), ARGV[8], tonumber(ARGV[9])
        local old = redis.call('HMGET', key, 'attempt', 'rank', 'state', 'progress')
        local oldAttempt, oldRank = tonumber(old[1]) or -1, tonumber(old[2]) or -1
        if old[3] == 'succeeded' or old[3] == 'cancelled' then return 0 end
        if attempt < oldAttempt then return 0 end
        if attempt == oldAttempt and rank < oldRank then return 0 end
        if attempt == oldAttempt and rank == 4 and oldRank == 4 then return 0 end
        local fields = {'attempt', attempt, 'rank', rank, 'state', state, 'updated_at', at}
        local function set(name, value)
            fields[#fields + 1] = name
            fields[#fields + 1] = value
        end
        local oldProgress = attempt == oldAttempt and tonumber(old[4]) or -1
        if attempt > oldAttempt then redis.call('HDEL', key, 'progress', 'progress_message') end
        if progress >= 0 and progress >= oldProgress then
            set('progress', progress)
            if ARGV[5] ~= '' then set('progress_message', ARGV[5]) end
        end
        if ARGV[6] ~= '' then set('worker', ARGV[6]) end
        if ARGV[7] ~= '' then set('last_error', ARGV[7]) end
        if state == 'running' and (attempt > oldAttempt or rank > oldRank) then set('started_at', at) end
        redis.call('HSET', key, unpack(fields))
        if state == 'queued' or state == 'scheduled' then redis.call('HSETNX', key, 'queued_at', at) end
        if rank == 4 then
            redis.call('HSET', key, 'finished_at', at)
            redis.call('PEXPIRE', key, retention)
        else
            redis.call('HDEL', key, 'finished_at')
            redis.call('PEXPIRE', key, math.max(retention, 2592000000))
        end
        return 1
        """
    )
}
