#pragma once

/// Everything of Leat but `leat/server.h`, which belongs to a library of its own.

#include <leat/admin.h>
#include <leat/broker.h>
#include <leat/bytes.h>
#include <leat/consumer.h>
#include <leat/diagnostics.h>
#include <leat/error.h>
#include <leat/log.h>
#include <leat/producer.h>
#include <leat/record.h>
#include <leat/result.h>
#include <leat/topic_partition.h>
