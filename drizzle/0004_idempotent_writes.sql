ALTER TABLE "idempotent_answers" ALTER COLUMN "attempt" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "idempotent_answers" ADD COLUMN "writes" json[] DEFAULT '{}' NOT NULL;