-- Windows and budgets on Redis: the rules of book.py and counts.py, one round trip per operation, the server's clock.
-- KEYS: the account, then per window (facts, settled, flights, places, expiries), then one per budget, then the holders:
-- processes that have requests in flight, by their last sign of life.
-- All carry one hash tag, so they live in one slot of a cluster. ARGV[1]: the operation, as JSON.
-- Members are "lease|weight"; the score of a place is its rank. Times are microseconds. Equal to the Python rules by a test.

local op = cjson.decode(ARGV[1])
local call = redis.call

local function text(number) return string.format('%.0f', number) end
local function num(value) return tonumber(value or 0) or 0 end
local function weight_of(member) return tonumber(string.match(member, '|(%d+)$')) end

-- Time: the server's, never going back. After a step back it goes on from where it stood.
local t = call('TIME')
local wall = num(t[1]) * 1000000 + num(t[2])
local head = call('HMGET', KEYS[1], 'generation', 'created', 'last', 'offset', 'pause')
local generation, created, last, offset, pause = head[1], num(head[2]), num(head[3]), num(head[4]), num(head[5])
local now = wall + offset
if now < last then
  offset = last - wall
  now = last
end
now = math.max(now, last + 1)

-- A client that knows another generation saw counts that are gone: grant nothing until they would have been over.
local lost = 0
if not generation then
  generation, created = op.fresh, now
end
if op.generation ~= '' and op.generation ~= generation then
  lost = 1
  pause = math.max(pause, created + op.longest)
end
call('HSET', KEYS[1], 'generation', generation, 'created', text(created), 'last', text(now), 'offset', text(offset),
  'pause', text(pause))
call('PEXPIRE', KEYS[1], text(op.keep))

-- A process is named by the beginning of its leases.
local holders = KEYS[#KEYS]
if op.process then
  call('ZADD', holders, text(now), op.process)
  call('PEXPIRE', holders, text(op.keep))
end
if op.op == 'beat' then return { 0, generation, lost } end

local windows = {}
for i, entry in ipairs(op.windows) do
  local base = 1 + (i - 1) * 5
  local w = {
    entry = entry, facts = KEYS[base + 1], settled = KEYS[base + 2], flights = KEYS[base + 3],
    places = KEYS[base + 4], expiries = KEYS[base + 5],
  }
  local facts = call('HMGET', w.facts, 'settled', 'flying', 'waiting', 'blocked', 'observed')
  w.held, w.flying, w.waiting = num(facts[1]), num(facts[2]), num(facts[3])
  w.blocked, w.observed = math.max(num(facts[4]), pause), num(facts[5])
  w.own_block = num(facts[4])
  -- What only some operations count in is never raised above the table's figure.
  if entry.bucket and entry.allowance >= 0 then w.observed = math.min(w.observed, entry.allowance) end
  windows[i] = w
end

local function drop(w, key, field, upto)
  local gone = call('ZRANGEBYSCORE', key, '-inf', '(' .. text(upto))
  if #gone > 0 then
    for _, member in ipairs(gone) do w[field] = w[field] - weight_of(member) end
    call('ZREMRANGEBYSCORE', key, '-inf', '(' .. text(upto))
  end
  return gone
end

local function expire(w)
  drop(w, w.settled, 'held', now)
  drop(w, w.flights, 'flying', now)
  for _, member in ipairs(drop(w, w.expiries, 'waiting', now)) do call('ZREM', w.places, member) end
end

local function save(w)
  call('HSET', w.facts, 'settled', text(w.held), 'flying', text(w.flying), 'waiting', text(w.waiting),
    'blocked', text(w.own_block), 'observed', text(w.observed))
  local keep = text(op.keep + math.max(0, (w.own_block - now) / 1000))
  for _, key in ipairs({ w.facts, w.settled, w.flights, w.places, w.expiries }) do call('PEXPIRE', key, keep) end
end

local function ahead_of(w, place)
  if w.waiting == 0 then return 0 end
  if not place then return w.waiting end
  local count = call('ZCOUNT', w.places, '-inf', '(' .. text(place))
  if call('ZCARD', w.places) == w.waiting then return count end
  local sum = 0
  for _, member in ipairs(call('ZRANGEBYSCORE', w.places, '-inf', '(' .. text(place))) do
    sum = sum + weight_of(member)
  end
  return sum
end

-- When `units` more than now will be free, at the earliest: those in flight are taken to be answered now.
local function freed(w, units)
  local answered, flying = now + w.entry.hold, w.flying
  if call('ZCARD', w.settled) == w.held then
    local before = call('ZCOUNT', w.settled, '-inf', text(answered))
    if units > before then
      units = units - flying
      if units <= before then return answered end
    end
    return num(call('ZRANGE', w.settled, units - 1, units - 1, 'WITHSCORES')[2] or answered - 1) + 1
  end
  local from = 0
  while true do
    local rows = call('ZRANGE', w.settled, from, from + 99, 'WITHSCORES')
    if #rows == 0 then return answered end
    for i = 1, #rows, 2 do
      local at = num(rows[i + 1])
      if at > answered then
        units = units - flying
        flying = 0
        if units <= 0 then return answered end
      end
      units = units - weight_of(rows[i])
      if units <= 0 then return at + 1 end
    end
    from = from + 100
  end
end

local function opening(w, weight, place)
  local allowance = w.entry.allowance
  if allowance < 0 then return w.blocked end
  if w.observed > 0 then
    allowance = w.observed
    weight = math.min(weight, allowance)
  end
  local free = allowance - w.held - w.flying
  local need = ahead_of(w, place) + weight
  if need <= free and need <= allowance then return w.blocked end
  local cycles = math.floor((need - 1) / allowance)
  local unit = (need - 1) % allowance
  local at = now
  if unit >= free then at = freed(w, unit + 1 - free) end
  return math.max(at + cycles * w.entry.hold, w.blocked)
end

local function occupy(w, member, weight, free_at)
  if call('ZADD', w.settled, text(free_at), member .. '|' .. text(weight)) == 1 then w.held = w.held + weight end
end

local function forget(w, lease)
  local member = lease .. '|' .. text(w.entry.weight)
  if call('ZREM', w.flights, member) == 1 then
    w.flying = w.flying - w.entry.weight
    return true
  end
  return false
end

-- What dead processes left in flight counts as given up now.
local function bury(ended)
  local found = false
  for _, w in ipairs(windows) do
    local free_at = now + op.buried + w.entry.hold
    local rows = w.flying > 0 and call('ZRANGE', w.flights, 0, -1, 'WITHSCORES') or {}
    for i = 1, #rows, 2 do
      local lease, weight = string.match(rows[i], '^(.*)|(%d+)$')
      if ended[string.match(lease, '^([^-]*)-') or ''] and free_at < num(rows[i + 1]) then
        call('ZREM', w.flights, rows[i])
        w.flying = w.flying - num(weight)
        occupy(w, lease, num(weight), free_at)
        found = true
      end
    end
  end
  return found
end

local function dead()
  local names = call('ZRANGEBYSCORE', holders, '-inf', '(' .. text(now - op.dead))
  if #names == 0 then return nil end
  local ended = {}
  for _, name in ipairs(names) do ended[name] = true end
  return ended
end

-- A place is named by its lease, so that a client that never saw the answer can give it up.
local function leave(w)
  local member = op.lease .. '|' .. text(w.entry.weight)
  if call('ZREM', w.places, member) == 1 then
    call('ZREM', w.expiries, member)
    w.waiting = w.waiting - w.entry.weight
  end
end

local function place_in(w)
  if w.waiting == 0 then return nil end
  return call('ZSCORE', w.places, op.lease .. '|' .. text(w.entry.weight)) or nil
end

local function queue(w, place, expiry)
  local member = op.lease .. '|' .. text(w.entry.weight)
  if call('ZADD', w.places, text(place), member) == 1 then w.waiting = w.waiting + w.entry.weight end
  call('ZADD', w.expiries, text(expiry), member)
end

-- Budgets: the client names three periods, the server's clock picks one.
local budgets = {}
for i, entry in ipairs(op.budgets) do
  local b = { entry = entry, key = KEYS[1 + #op.windows * 5 + i] }
  for _, period in ipairs(entry.periods) do
    if wall >= period[1] and wall < period[2] then b.start, b.finish = period[1], period[2] end
  end
  if not b.start then return redis.error_reply('CLOCKS the clocks of client and Redis are more than a period apart') end
  local facts = call('HMGET', b.key, 'start', 'used', 'observed', 'exhausted')
  b.used, b.observed, b.exhausted = num(facts[2]), num(facts[3]), num(facts[4])
  b.began = num(facts[1])
  if b.start > b.began then b.began, b.used, b.exhausted = b.start, 0, 0 end
  -- What this client saw counted before the counts were lost.
  if lost == 1 and entry.seen_end == b.finish then b.used = math.max(b.used, entry.seen) end
  b.allowance = entry.allowance
  if entry.adopt and b.observed > 0 then b.allowance = b.observed end
  budgets[i] = b
end

local function save_budget(b)
  call('HSET', b.key, 'start', text(b.began), 'used', text(b.used), 'observed', text(b.observed),
    'exhausted', text(b.exhausted))
  call('PEXPIRE', b.key, text((b.finish - wall) / 1000 + 86400000))
end

local function figures(b) return { b.used, math.max(b.allowance, 0), b.finish } end

local answer = { 0, generation, lost }

if op.op == 'forget' then
  for i = 2, #KEYS - 1 do call('DEL', KEYS[i]) end
  return answer
end

if op.op == 'reserve' then
  for i, b in ipairs(budgets) do
    if b.exhausted == 1 or (b.allowance >= 0 and b.used + b.entry.weight > b.allowance) then
      for _, w in ipairs(windows) do
        leave(w)
        save(w)
      end
      save_budget(b)
      return { 2, generation, lost, i, b.used, math.max(b.allowance, 0), b.finish }
    end
  end
  local at, worst, known = 0, nil, op.place
  for _, w in ipairs(windows) do
    expire(w)
    known = known or num(place_in(w))
  end
  if known == 0 then known = nil end
  local function look()
    at, worst = 0, nil
    for i, w in ipairs(windows) do
      local opens = opening(w, w.entry.weight, known)
      if opens > now and opens > at then at, worst = opens, i end
    end
  end
  look()
  local ended = worst and dead()
  if ended and bury(ended) then look() end
  -- The same question again, because the first answer was lost: it counts once.
  local again = false
  for _, w in ipairs(windows) do
    again = again or call('ZSCORE', w.flights, op.lease .. '|' .. text(w.entry.weight)) ~= false
  end
  if again then worst = nil end
  if worst then
    local wait, place = at - now, known
    if op.patience >= 0 and op.patience < wait then
      for _, w in ipairs(windows) do leave(w) end
      place = nil
    else
      place = place or now
      local expiry = now + math.min(wait, op.nap) + op.grace
      for i, w in ipairs(windows) do
        if i == worst or place_in(w) then
          queue(w, place, expiry)
        end
      end
    end
    for _, w in ipairs(windows) do save(w) end
    return { 1, generation, lost, worst, wait, place or -1 }
  end
  for _, w in ipairs(windows) do
    if w.entry.allowance >= 0 then
      local member = op.lease .. '|' .. text(w.entry.weight)
      if call('ZADD', w.flights, text(now + op.answer_by + w.entry.hold), member) == 1 then
        w.flying = w.flying + w.entry.weight
      end
    end
    leave(w)
    save(w)
  end
  for _, b in ipairs(budgets) do
    if not again then b.used = b.used + b.entry.weight end
    save_budget(b)
    answer[#answer + 1] = figures(b)
  end
  return answer
end

if op.op == 'settle' then
  for _, w in ipairs(windows) do
    expire(w)
    if w.entry.allowance >= 0 then
      forget(w, op.lease)
      occupy(w, op.lease, w.entry.weight, now + op.grace + w.entry.hold)
    end
    for _, note in ipairs(op.notes) do
      if note[2] == w.entry.key then
        if note[1] == 'block' then
          w.own_block = math.max(w.own_block, now + note[3])
        elseif w.entry.allowance >= 0 then
          if note[4] > 0 then w.observed = note[4] end
          if w.entry.bucket then w.observed = math.min(w.observed, w.entry.allowance) end
          local allowance = w.observed > 0 and w.observed or w.entry.allowance
          local missing = allowance - w.held - w.flying - math.max(note[5], 0)
          if note[5] >= 0 and missing > 0 then occupy(w, op.lease .. '+', missing, now + note[3]) end
        end
      end
    end
    save(w)
  end
  for _, b in ipairs(budgets) do
    for _, note in ipairs(op.notes) do
      if note[2] == b.entry.key then
        if note[1] == 'exhausted' then
          b.exhausted = 1
        else
          if note[4] > 0 then b.observed = note[4] end
          local known = note[4] > 0 and note[4] or (b.observed > 0 and b.observed or math.max(b.entry.allowance, 0))
          if note[5] >= 0 and known > 0 then b.used = math.max(b.used, known - note[5]) end
        end
      end
    end
    save_budget(b)
  end
  return answer
end

if op.op == 'release' then
  -- What was counted in a window is given back once, however often a lost answer makes a client repeat it.
  local held = op.granted
  for _, w in ipairs(windows) do held = held and w.entry.allowance < 0 end
  for _, w in ipairs(windows) do
    expire(w)
    leave(w)
    held = forget(w, op.lease) or held
    save(w)
  end
  for _, b in ipairs(budgets) do
    if held then b.used = math.max(0, b.used - b.entry.weight) end
    save_budget(b)
  end
  return answer
end

-- view
for _, w in ipairs(windows) do
  expire(w)
  local opens = opening(w, 1, nil)
  local newest = call('ZRANGE', w.settled, -1, -1, 'WITHSCORES')[2]
  local all = math.max(num(newest), now)
  if w.flying > 0 then all = math.max(all, now + w.entry.hold) end
  answer[#answer + 1] = {
    w.held + w.flying, w.flying, call('ZCARD', w.places), w.observed, math.max(0, w.blocked - now),
    math.max(0, opens - now), all - now,
  }
  save(w)
end
for _, b in ipairs(budgets) do answer[#answer + 1] = { b.used, b.observed, b.exhausted, b.finish } end
return answer
