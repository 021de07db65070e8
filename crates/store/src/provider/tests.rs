use atelier_base::ErrorKind;

use crate::{Error, ProviderRow, Unique};

both_engines! {
    async fn providers_have_names_of_their_own(t) {
        let (ana, ben) = (t.user(), t.user());
        let mine = t.provider(ana.id, "Local");
        let mut second = t.provider(ana.id, "Cloud");
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_user(&ben).await?;
            tx.insert_provider(&mine).await?;
            tx.insert_provider(&second).await?;
            tx.insert_provider(&t.provider(ben.id, "Local")).await
        })
        .await;
        let error = t
            .write_fails(async |tx| tx.insert_provider(&t.provider(ana.id, "Local")).await)
            .await;
        assert!(matches!(error, Error::Taken { what: Unique::ProviderName }), "{error:?}");
        assert_eq!(error.to_string(), "this provider name is taken");
        second.name = "Local".to_owned();
        let error = t.write_fails(async |tx| tx.update_provider(&second).await).await;
        assert!(matches!(error, Error::Taken { what: Unique::ProviderName }), "{error:?}");

        let changed = ProviderRow {
            name: "Large".to_owned(),
            base_url: "http://127.0.0.1:1/v1".to_owned(),
            sealed_key: None,
            model: "large".to_owned(),
            input_picos_per_token: None,
            output_picos_per_token: Some(600),
            updated_at: t.now(),
            ..second
        };
        t.write(async |tx| tx.update_provider(&changed).await).await;
        assert_eq!(t.read(async |r| r.get_provider(changed.id).await).await, changed);
        let listed = t.read(async |r| r.list_providers(ana.id).await).await;
        assert_eq!(listed, [mine.clone(), changed]);
        let found = t.read(async |r| r.find_provider_by_name(ana.id, "Local").await).await;
        assert_eq!(found, Some(mine.clone()));

        t.write(async |tx| tx.delete_provider(mine.id).await).await;
        let found = t.read(async |r| r.find_provider_by_name(ana.id, "Local").await).await;
        assert_eq!(found, None);
        let error = t.write_fails(async |tx| tx.delete_provider(mine.id).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
