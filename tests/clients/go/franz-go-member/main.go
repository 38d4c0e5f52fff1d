// franz-go as a member of a group.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"leat/clients/lines"
	"leat/clients/member"
)

var assignors = map[string]kgo.GroupBalancer{
	"range": kgo.RangeBalancer(), "cooperative-sticky": kgo.CooperativeStickyBalancer(),
}

var settings, until = member.Start()
var uncommitted = member.Offsets{}

func commit(client *kgo.Client, offsets member.Offsets) {
	if len(offsets) == 0 {
		return
	}
	member.Say("committing", "offsets", offsets)
	request := map[string]map[int32]kgo.EpochOffset{settings.Topic: {}}
	for partition, offset := range offsets {
		request[settings.Topic][partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	began, _ := client.GroupMetadata()
	var failed error
	said := "committed"
	client.CommitOffsetsSync(context.Background(), request,
		func(_ *kgo.Client, sent *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
			failed = err
			if sent.MemberID != began {
				said = "committed_anew" // the client keeps commits back while it joins
			}
			if err == nil {
				for _, topic := range answer.Topics {
					for _, partition := range topic.Partitions {
						failed = errors.Join(failed, kerr.ErrorForCode(partition.ErrorCode))
					}
				}
			}
		})
	if failed != nil {
		member.Say("commit_failed", "error", failed.Error())
		return
	}
	member.Say(said, "offsets", offsets)
	for partition := range offsets {
		delete(uncommitted, partition)
	}
}

func of(partitions []int32) member.Offsets {
	some := member.Offsets{}
	for _, partition := range partitions {
		if offset, any := uncommitted[partition]; any {
			some[partition] = offset
		}
	}
	return some
}

func ended(event string, partitions []int32) {
	for _, partition := range partitions {
		delete(uncommitted, partition)
	}
	member.Say(event, "partitions", append([]int32{}, partitions...)) // where there are none, an empty list
}

func main() {
	options := []kgo.Opt{
		kgo.SeedBrokers(settings.Bootstrap), kgo.ConsumerGroup(settings.Group), kgo.ConsumeTopics(settings.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(settings.Session()), kgo.HeartbeatInterval(settings.Heartbeat()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, assigned map[string][]int32) {
			member.Say("assigned", "partitions", append([]int32{}, assigned[settings.Topic]...))
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, client *kgo.Client, revoked map[string][]int32) {
			commit(client, of(revoked[settings.Topic]))
			ended("revoked", revoked[settings.Topic])
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
			ended("lost", lost[settings.Topic])
		}),
	}
	if settings.Assignor != nil {
		options = append(options, kgo.Balancers(assignors[*settings.Assignor]))
	}
	if settings.Instance != nil {
		options = append(options, kgo.InstanceID(*settings.Instance))
	}
	client := lines.Must(kgo.NewClient(options...))
	for until.Err() == nil {
		patience, cancel := context.WithTimeout(until, 100*time.Millisecond)
		fetches := client.PollFetches(patience)
		cancel()
		records := []member.Record{}
		fetches.EachRecord(func(record *kgo.Record) {
			records = append(records, member.Record{Partition: record.Partition, Offset: record.Offset, Value: record.Value})
			uncommitted[record.Partition] = record.Offset + 1
		})
		if len(records) > 0 {
			member.Say("records", "records", records)
			all := member.Offsets{}
			for partition, offset := range uncommitted {
				all[partition] = offset
			}
			commit(client, all)
		}
		client.AllowRebalance()
	}
	client.CloseAllowingRebalance()
	member.Say("left", "partitions", []int32{})
}
