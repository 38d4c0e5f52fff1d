// sarama as a member of a group.
package main

import (
	"time"

	"github.com/IBM/sarama"
	"leat/clients/lines"
	"leat/clients/member"
)

var settings, until = member.Start()

var assignors = map[string]func() sarama.BalanceStrategy{
	"range": sarama.NewBalanceStrategyRange, "cooperative-sticky": sarama.NewBalanceStrategyCooperativeSticky,
}

type handler struct{ admin sarama.ClusterAdmin }

func (handler) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (handler) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim owns the partition while it runs.
func (h handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	owned := []int32{claim.Partition()}
	member.Say("assigned", "partitions", owned)
	var next int64
	for open := true; open; {
		select {
		case <-session.Context().Done():
			open = false
		case message, more := <-claim.Messages():
			if !more {
				open = false
				break
			}
			batch := []member.Record{{Partition: message.Partition, Offset: message.Offset, Value: message.Value}}
			for len(claim.Messages()) > 0 && len(batch) < 20 {
				if message, more = <-claim.Messages(); !more {
					break
				}
				batch = append(batch, member.Record{Partition: message.Partition, Offset: message.Offset, Value: message.Value})
			}
			member.Say("records", "records", batch)
			next = batch[len(batch)-1].Offset + 1
			h.commit(session, claim.Partition(), next)
		}
	}
	member.Say("revoked", "partitions", owned)
	return nil
}

// Its Commit() does not say how it went; what the broker has then does, and by whom.
func (h handler) commit(session sarama.ConsumerGroupSession, partition int32, next int64) {
	offsets := member.Offsets{partition: next}
	member.Say("committing", "offsets", offsets)
	session.MarkOffset(settings.Topic, partition, next, session.MemberID())
	session.Commit()
	answer, err := h.admin.ListConsumerGroupOffsets(settings.Group, map[string][]int32{settings.Topic: {partition}})
	if err != nil {
		member.Say("commit_failed", "error", err.Error())
	} else if block := answer.GetBlock(settings.Topic, partition); block == nil || block.Offset != next || block.Metadata != session.MemberID() {
		member.Say("commit_failed", "error", "the broker has another commit")
	} else {
		member.Say("committed", "offsets", offsets)
	}
}

func main() {
	config := sarama.NewConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Return.Errors = true
	config.Consumer.Group.Session.Timeout = settings.Session()
	config.Consumer.Group.Heartbeat.Interval = settings.Heartbeat()
	if settings.Assignor != nil {
		config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{assignors[*settings.Assignor]()}
	}
	if settings.Instance != nil {
		config.Consumer.Group.InstanceId = *settings.Instance
	}
	admin := lines.Must(sarama.NewClusterAdmin([]string{settings.Bootstrap}, config))
	group := lines.Must(sarama.NewConsumerGroup([]string{settings.Bootstrap}, settings.Group, config))
	go func() {
		for err := range group.Errors() {
			member.Say("note", "text", err.Error())
		}
	}()
	for until.Err() == nil {
		if err := group.Consume(until, []string{settings.Topic}, handler{admin}); err != nil {
			member.Say("note", "text", err.Error())
			select {
			case <-until.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	lines.Check(group.Close())
	lines.Check(admin.Close())
	member.Say("left", "partitions", []int32{})
}
